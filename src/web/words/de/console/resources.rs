//! Ressourcen.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const THING: ThingWords = ThingWords {
    name: "Name",
    change: "Ändern",
    change_of: OfPlain(|name| html!("{name} ändern")),
    cancel: "Abbrechen",
    activity: "Aktivität",
    nothing_lately: "In letzter Zeit nichts.",
    see_all: "Alles ansehen",
    end: "Ende",
    type_name: OfBare(|name| html!("Geben Sie den Namen ein: {name}")),
    wrong_name: "Es wurde nichts entfernt: Der Name war ein anderer.",
    nothing_changed: "Es wurde nichts geändert. Sehen Sie sich an, was markiert ist.",
    bounded: "Angesehen wurden von jeder Art nur die neuesten 2.000, es kann also mehr geben.",
    machines: |count, more| counted(count, more, ["keine Maschine", "1 Maschine", "Maschinen"]),
    applications: |count, more| counted(count, more, ["keine Anwendung", "1 Anwendung", "Anwendungen"]),
    grants: |count, more| counted(count, more, ["keine Zustimmung", "1 Zustimmung", "Zustimmungen"]),
};

pub(super) const RESOURCES: ResourcesWords = ResourcesWords {
    lead: "Die MCP-Server und APIs, für die es Token gibt. Für anderes bekommt niemand eines.",
    protect: "Einen MCP-Server schützen",
    name_or_address: "Name oder Adresse",
    nothing_fits: "Keine Ressource passt.",
    nothing_yet: "Noch ist nichts geschützt.",
    nothing_yet_more: "Sagen Sie, wo Ihr MCP-Server ist und was sich dort tun lässt. Sie bekommen die Zeilen, die sein Code braucht, und die Einstellungen für die Clients, die man benutzt.",
    tokens: "Token",
    live: "Gültig",
    registered: "Eingetragen",
    default: "Standard",
    default_about: "Eine Anfrage, die keine Ressource nennt, meint diese",
    and_risky: OfNumber(|n| html!(", davon {n} riskant")),
    signed_with: |algorithm| format!("mit {algorithm} signiert"),
    opaque: "opak",
    was_protected: "Die Ressource ist eingetragen. Nehmen Sie diese Zeilen in ihren Code auf, und sehen Sie dann mit den Augen eines Clients.",
    was_changed: "Die Ressource ist geändert. Das gilt vom nächsten Token an.",
    was_removed: "Die Ressource ist entfernt.",
};

pub(super) const RESOURCE: ResourceWords = ResourceWords {
    identifier: "Kennung",
    aliases: "Auch geschrieben",
    signed_with: |algorithm| format!("Mit {algorithm} signiert: Ein Server prüft sie selbst"),
    opaque: "Opak: Ein Server fragt hier nach jedem",
    of_machines: "Bei Maschinen",
    of_machines_at_most: OfPlain(|length| html!("höchstens {length}, wenn eine Maschine es so angibt")),
    say: "Darin steht",
    default: "Standard",
    says: |words| match words.split_last() {
        None => "Nichts außer Rechten".to_owned(),
        Some((only, [])) => format!("Neben Rechten: {only}"),
        Some((last, first)) => format!("Neben Rechten: {} und {last}", first.join(", ")),
    },
    says_roles: "Rollen",
    says_permissions: "Befugnisse",
    says_tenant: "der Mandant",
    says_custom_claims: "eigene Claims",
    code: "Was ihr Code braucht",
    issuer: "Wer die Token ausstellt (issuer)",
    audience: "Für wen sie sind (audience)",
    introspection: "Wo man nach einem fragt",
    keys: "Schlüssel, die sie signieren",
    issuer_note: "Vergleichen Sie den Aussteller als Text: Er hat keinen Schrägstrich am Ende, und ein URL-Typ schreibt vielleicht einen dorthin.",
    check: "Was ein MCP-Client sieht",
    check_submit: "Mit den Augen eines Clients sehen",
    check_about: "Der Server wird gefragt, wie ein Client fragt, der noch kein Token hat: ob er ablehnt, wo seine Metadaten sind, und ob sie hierher führen. Sie erfahren, wer am Zug ist.",
    clients: "Einen Client verbinden",
    scopes: "Was sich dort tun lässt",
    no_scopes: "Sie bietet keine Rechte an.",
    no_scopes_more: OfLink(|link| {
        html!(
            "Ihre Token sagen, wer jemand ist, und nichts darüber, was man darf. {}.",
            link.over("Wählen Sie, worum man bitten kann")
        )
    }),
    unasked: "Ungefragt",
    unasked_about: "„Ungefragt“ bekommt ein Client, der um nichts Bestimmtes bittet.",
    yes: "ja",
    no: "nein",
    tools: "Ihre Werkzeuge",
    to_tools: "Werkzeuge und was sie brauchen",
    no_tools: "Wenn es ein MCP-Server ist: Noch hat niemand gesagt, welche Werkzeuge er hat und was jedes braucht.",
    tools_known: |known, open| {
        let known = counted(known, false, ["Kein Werkzeug", "1 Werkzeug", "Werkzeuge"]);
        match open {
            0 => format!("{known} bekannt, und was jedes braucht, ist entschieden."),
            open => format!("{known} bekannt, {open} davon noch nicht entschieden."),
        }
    },
    who: "Wer Token dafür bekommt",
    people: "Personen, über Anwendungen",
    no_people: "Niemand hat hier einer Anwendung etwas erlaubt.",
    no_machines: "Keine Maschine ist dafür gedacht, und keine wurde hier gesehen. Maschinen ohne Liste von Ressourcen dürfen Token für jede haben.",
    not_seen: "war noch nicht hier",
    last_seen: |at| format!("zuletzt {at}"),
    applications: "Dafür gedachte Anwendungen",
    remove: "Diese Ressource entfernen…",
    remove_about: OfPlain(|length| {
        html!(
            "Wenn eine Maschine, eine Anwendung oder eine Vollmacht die Ressource nennt, muss sie dort zuerst weg. Niemand bekommt dann noch ein Token dafür, und kein Refresh-Token wird mehr angenommen. Ausgegebene Token gelten bis zu ihrem Ende, bei Personen höchstens {length}."
        )
    }),
    at_stake: |grants, machines| format!("Davon betroffen: {grants} von Personen und {machines}."),
    nothing_at_stake: "Soweit bekannt, benutzt sie niemand.",
    remove_submit: "Endgültig entfernen",
};

pub(super) const RESOURCE_CHECK: ResourceCheckWords = ResourceCheckWords {
    title: OfPlain(|name| html!("Was ein Client bei {name} sieht")),
    again: "Noch einmal ansehen",
    found: "Ein Client findet hierher",
    stops: |step| format!("Ein Client bleibt stehen bei „{step}“"),
    nothing_changed: "Es wurde nichts geändert, weder hier noch dort. Der Server wurde ohne Token gefragt; welche Werkzeuge er hat, sagt er nur, wenn jemand eines hat.",
    back: OfPlain(|name| html!("Zurück zu {name}")),
    server: "Ihr Server",
    here: "Hier",
    right: "richtig",
    not_looked_at: "nicht angesehen",
    could_be_better: "geht besser",
    to_be_changed: "zu ändern",
    answers: "Er antwortet",
    refuses: "Ohne Token lehnt er ab",
    points: "Er sagt, wo seine Metadaten sind",
    document: "Seine Metadaten sind da",
    names_itself: "Er nennt sich, wie er hier eingetragen ist",
    names_us: "Er nennt diesen Aussteller",
    scopes: "Worum er bitten lässt, gibt es hier",
    unknown: "Das ließ sich nicht ansehen: siehe davor.",
    plain_http: "Gefragt wird nur über https://, ein Server mit bloßem http:// wird darum nicht angesehen. Clients erreichen ihn vielleicht trotzdem.",
    unreachable: "Starten Sie ihn, und sorgen Sie dafür, dass er von hier unter dieser Adresse erreichbar ist. Wenn ihn nur Ihr eigenes Netz erreicht, kann diese Prüfung es nicht.",
    lets_in: "Er lässt herein, wer ohne Token kommt. Er soll 401 antworten, vor allem anderen.",
    other_status: "Er soll auf eine Anfrage ohne Token 401 antworten, damit ein Client weiß, dass er eines braucht.",
    no_challenge: "Seiner Antwort 401 fehlt der Header WWW-Authenticate. Senden Sie: WWW-Authenticate: Bearer resource_metadata=\"…\".",
    no_pointer: "In seinem Header WWW-Authenticate fehlt resource_metadata=\"…\". Neuere Clients sehen von selbst am bekannten Ort nach; andere bleiben hier stehen.",
    no_document: "Liefern Sie dort die Metadaten der geschützten Ressource aus. Der Code auf der Seite der Ressource tut es; die MCP-Bibliotheken auch.",
    by_alias: |known| {
        format!(
            "Es geht, weil dies eine andere Schreibweise von {known} ist. Clients, die streng vergleichen, wollen in den Metadaten die Adresse sehen, die sie bekommen haben."
        )
    },
    other_name: |known| {
        format!(
            "In seinen Metadaten soll `resource` {known} sein. Wenn stimmt, was dort steht, geben Sie es der Ressource hier als weitere Schreibweise ihrer Adresse."
        )
    },
    no_name: |known| format!("Seinen Metadaten fehlt `resource`. Dort soll {known} stehen."),
    slash_added: |issuer| {
        format!(
            "Er schreibt einen Schrägstrich hinter den Aussteller. In authorization_servers soll {issuer} stehen, als Text und nicht über einen URL-Typ."
        )
    },
    other_issuer: |issuer| {
        format!("Seine Metadaten schicken Clients woandershin. In authorization_servers soll {issuer} stehen.")
    },
    no_issuer: |issuer| {
        format!("Seine Metadaten sagen nicht, wer Token ausstellt. In authorization_servers soll {issuer} stehen.")
    },
    no_scopes: "Er zählt keine Rechte auf, darum bekommen Clients, was es ungefragt gibt. Das ist erlaubt.",
    unknown_scopes: "Diese bietet die Ressource nicht an. Ändern Sie sie, und fügen Sie sie hinzu, oder nehmen Sie sie aus scopes_supported heraus.",
};

pub(super) const RESOURCE_FORM: ResourceFormWords = ResourceFormWords {
    lead: "Oder eine andere API. Danach bekommen Sie die Zeilen, die ihr Code braucht.",
    identifier: "Adresse",
    identifier_note: "Genau so, wie man sie in den Client eingibt, etwa https://tickets.example.com/mcp. Später lässt sie sich nicht ändern: Token nennen sie.",
    name_note: "Was man liest, wenn man gefragt wird: „Es geht um …“.",
    scopes_note: "Jedes ist eine Zeile, die man erlaubt oder nicht. Riskantes ist nie schon angekreuzt.",
    new_scopes: "Etwas anderes, das sich dort tun lässt",
    new_scopes_note: "Ein Name für Programme und Worte für Menschen. Lassen Sie leer, was Sie nicht brauchen.",
    words_of_scope: OfNumber(|n| html!("bei Recht {n}")),
    risk_of_scope: OfNumber(|n| html!("von Recht {n}")),
    high: "hoch",
    more: "Mehr: was es ungefragt gibt, andere Adressen, wie Token aussehen und wie lange sie gelten",
    default_scopes: "Ungefragt gegeben",
    default_scopes_note: "Rechte für einen Client, der um nichts Bestimmtes bittet, mit Leerzeichen dazwischen.",
    default_scopes_note_new: "Rechte für einen Client, der um nichts Bestimmtes bittet, mit Leerzeichen dazwischen. Leer: die mit geringem Risiko.",
    aliases: "Andere Schreibweisen der Adresse",
    aliases_note: "Eine pro Zeile. ChatGPT zum Beispiel nennt manchmal nur den Ursprung: https://tickets.example.com. Ein Schrägstrich am Ende braucht keine Zeile.",
    signed: "Signiert: Der Server prüft sie selbst",
    opaque: "Opak: Der Server fragt hier nach jedem",
    algorithm: "Signiert mit",
    lifetime_note: "Etwa 15m oder 1h; höchstens ein Tag. Leer: wie in den Einstellungen.",
    machine_lifetime: "Bei Maschinen höchstens gültig",
    machine_lifetime_note: "Für Maschinen, die angeben, wie lange ihre gelten. Leer: ein Tag.",
    claims: "Neben Rechten steht in den Token",
    claims_note: "Soweit es etwas zu sagen gibt. Ein Server erfährt, was er braucht, und nicht mehr; wer ein signiertes Token hat, kann es lesen.",
    roles: "Die Rollen, die jemand hat",
    permissions: "Die Befugnisse, die sich daraus ergeben",
    tenant: "Der Mandant, in dem das gilt",
    custom_claims: "Eigene Claims",
    submit: "Server schützen",
    submit_change: "Ressource ändern",
    nothing_registered: "Es wurde nichts eingetragen. Sehen Sie sich an, was markiert ist.",
    lifetime_wrong: "Sagen Sie es wie 10m oder 1h.",
    own_scope: "Namen, die mit writ: beginnen, gehören der eigenen API.",
    words_missing: "Sagen Sie in einer Zeile, was geschehen wird.",
    scope_wrong: "Nehmen Sie einen Namen ohne Leerzeichen, Anführungszeichen und umgekehrte Schrägstriche, etwa tickets:write.",
};

/// Wie man nichts, eines und mehrere nennt.
fn counted(count: usize, more: bool, [none, one, many]: [&str; 3]) -> String {
    let at_least = if more { "mindestens " } else { "" };
    match count {
        0 if !more => none.to_owned(),
        1 => format!("{at_least}{one}"),
        count => format!("{at_least}{count} {many}"),
    }
}
