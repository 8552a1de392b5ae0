//! Einstellungen.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const SETTINGS: SettingsWords = SettingsWords {
    lead: "Was hier gilt, und woher jeder Wert kommt.",
    changed_here: Html::of(
        "Wo <strong>Ändern</strong> daneben steht, wird es hier geändert, während Writ läuft, und gilt auch nach einem Neustart.",
    ),
    changed_there: OfCode(|file| {
        html!(
            "Das Übrige steht in der Datei {file}, in der Umgebung oder auf der Kommandozeile und wird beim Start gelesen: Ändern Sie es dort und starten Sie Writ neu."
        )
    }),
    changed_there_no_file: OfCode(|file| {
        html!(
            "Das Übrige steht in der Datei {file} (es gibt sie noch nicht), in der Umgebung oder auf der Kommandozeile und wird beim Start gelesen: Ändern Sie es dort und starten Sie Writ neu."
        )
    }),
    who_wins: "Die Umgebung geht der Datei vor, und was hier gesetzt ist, beiden.",
    set_aside: OfLinkAndCode(|link, name| html!("{} wurde hier gesetzt und gilt nicht.", link.around(name))),
    version: "Version",
    licence: "Lizenz",
    issuer: "Aussteller",
    file: "Datei",
    no_file: "keine: Alles ist nur im Arbeitsspeicher",
    bytes: |bytes| format!("{bytes} Bytes"),
    size: |tenths, unit| format!("{},{} {unit}", tenths / 10, tenths % 10),
    audit: "Protokoll",
    entry: OfNumber(|n| html!("Eintrag {n}")),
    hash: "Prüfsumme",
    backups: BackupsWords {
        title: "Sicherungen",
        came_to_nothing: OfTime(|at| html!("Die letzte ist gescheitert, {at}:")),
        made_and_failed: OfTime(|at| html!("Die letzte wurde angelegt, aber danach ist etwas gescheitert, {at}:")),
        missing: "Es gibt keine brauchbare Sicherung mehr:",
        last: "Die letzte",
        last_made: OfCodeAndPlainAndTime(|file, size, at| html!("{file}, {size}, angelegt und geprüft {at}")),
        none_made: Html::of("noch keine: <code>writ backup</code> legt eine an"),
        place: "Sie liegen in",
        not_in_them: "Nicht darin",
        master_key: "Der Hauptschlüssel, ohne den sich keine öffnen lässt: Heben Sie eine Kopie getrennt davon auf.",
        restored: OfTime(|at| html!("Dieses System wurde aus einer Sicherung wiederhergestellt, angelegt {at}.")),
        looked: "Das habe ich mir angesehen",
    },
    limits: OfLink(|link| {
        html!(
            "{} haben eine eigene Seite; dort steht auch, wer an sie gestoßen ist.",
            link.over("Grenzen für Anfragen")
        )
    }),
    registration_tokens: OfLink(|link| {
        html!("Mit einem {} dürfen Programme Anwendungen eintragen.", link.over("Registrierungstoken"))
    }),
    providers: OfLink(|link| {
        html!(
            "{} wie Google oder Okta können Personen anmelden; man fügt sie hinzu und ändert sie, während Writ läuft.",
            link.over("Identitätsanbieter")
        )
    }),
    groups: "Gruppen von Einstellungen",
    group: SettingGroupsWords {
        general: "Allgemein",
        audit: "Protokoll",
        backup: "Sicherung",
        brand: "Marke",
        delegation: "Vollmachten",
        dpop: "An Schlüssel gebundene Token",
        keys: "Schlüssel",
        lifetimes: "Laufzeiten",
        limits: "Grenzen",
        log: "Das eigene Log des Programms",
        machines: "Maschinen",
        metrics: "Messwerte",
        outbound: "Anfragen an andere",
        registration: "Registrierung",
        sign_in: "Anmeldung",
        status: "Statuslisten",
        store: "Speicher",
    },
    setting: "Einstellung",
    value: "Wert",
    from: "Herkunft",
    to_change: "So ändern Sie sie",
    not_shown: "gesetzt, wird nicht gezeigt",
    not_set: "nicht gesetzt",
    read: OfPlain(|value| html!("beim Start gelesen: {value}")),
    by: OfPlainAndTime(|by, at| html!("durch {by} {at}")),
    change: "Ändern",
    built_in: "voreingestellt",
    derived: "abgeleitet",
    in_file: "Datei",
    environment: "Umgebung",
    flag: "Kommandozeile",
    set_here: "hier gesetzt",
    looked: "Auf der ersten Seite ist davon nicht mehr die Rede.",
    changed: "Die Einstellung ist geändert und gilt von nun an.",
    reset: "Es gilt wieder, was beim Start gelesen wurde.",
};

pub(super) const SETTING: SettingWords = SettingWords {
    does_not_hold: "Was hier gesetzt wurde, gilt nicht.",
    set_another: "Setzen Sie einen anderen Wert, oder kehren Sie zu dem zurück, was beim Start gelesen wurde.",
    take_it_away: "Nehmen Sie es weg, oder kehren Sie zu der Version zurück, die es kennt.",
    holds_now: "Gilt jetzt",
    set_here: "Hier gesetzt",
    by: OfPlainAndTime(|by, at| html!("durch {by}, {at}")),
    to: OfCode(|value| html!("auf {value}")),
    read: "Beim Start gelesen",
    what_a_change_means: "Was eine Änderung bedeutet.",
    how_long: "Die Änderung gilt auch nach einem Neustart, anstelle der Datei und der Umgebung, bis Sie dorthin zurückkehren.",
    new_value: "Neuer Wert",
    between: |least, most| format!("Zwischen {least} und {most}."),
    change: OfPlain(|name| html!("{name} ändern")),
    cancel: "Abbrechen",
    registration_tokens: OfLink(|link| {
        html!("Wer ein {} hat, darf in jedem Modus eintragen außer im geschlossenen.", link.over("Registrierungstoken"))
    }),
    read_only: "Das wird beim Start gelesen und nicht hier geändert: Schreiben Sie es in die Datei, oder setzen Sie die Variable, und starten Sie Writ neu.",
    in_the_file: "In der Datei",
    in_the_environment: "In der Umgebung",
    back: "Zurück zu dem, was beim Start gelesen wurde",
    again: OfCodeAndPlain(|value, source| html!("Dann gilt wieder {value}, {source}.")),
    unset_again: OfPlain(|source| html!("Dann ist sie wieder nicht gesetzt, {source}.")),
    from_file: "wie es in der Datei steht",
    from_environment: "wie es in der Umgebung steht",
    from_flag: "wie es auf der Kommandozeile steht",
    from_built_in: "wie es voreingestellt ist",
    submit_back: "Zurückkehren",
    take_away: "Wegnehmen",
    take_away_about: "Dadurch ändert sich hier nichts: Es gilt nicht.",
    meanings: MeaningsWords {
        registration_open: "Alle dürfen eintragen, und die Anwendung funktioniert sofort. MCP-Clients verbinden sich von selbst.",
        registration_approval: "Alle dürfen eintragen, und die Anwendung funktioniert, sobald Sie sie freigeben. Wer einen neuen MCP-Client verbindet, wird gebeten, auf Sie zu warten.",
        registration_token: "Nur wer ein Registrierungstoken hat, darf eintragen. MCP-Clients, die sich selbst eintragen, werden abgewiesen, wenn ihnen niemand eines gibt.",
        registration_closed: "Niemand darf eintragen, und die Metadaten nennen keine Stelle dafür. Anwendungen, die Sie eintragen, und solche, die an einem Dokument unter ihrer Adresse erkannt werden, funktionieren wie bisher.",
        second_factor_off: "Ein Passwort genügt allen; wer mehr eingerichtet hat, wird weiter danach gefragt.",
        second_factor_administrators: "Wer zur Verwaltung gehört und weder Einmalcodes aus einer App noch einen Passkey hat, richtet gleich nach dem Passwort etwas davon ein.",
        second_factor_everybody: "Wer weder das eine noch das andere hat, richtet gleich nach dem Passwort etwas davon ein.",
        no_nonce: "Ein Nachweis gilt, solange er neu ist. Clients fragen einmal.",
        nonce: "Ein im Voraus gemachter Nachweis ist nichts wert. Clients bekommen einen Nonce genannt und fragen ein zweites Mal.",
    },
};
