//! Alle Maschinen, und wie die Seiten über eine und über viele dasselbe nennen.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const LABELS: MachineLabels = MachineLabels {
    agent: "Agent",
    service: "Dienst",
    ci: "CI-Lauf",
    device: "Gerät",
    active: "aktiv",
    expired: "abgelaufen",
    suspended: "angehalten",
    retired: "stillgelegt",
    credential_misused: "Zugang missbraucht",
    no_owner: "niemand zuständig",
    unused: "unbenutzt",
    never_used: "nie benutzt",
    scopes_unused: "unbenutzte Rechte",
    secret_old: "altes Geheimnis",
    credential_expiring: "Zugang läuft bald ab",
    machine_expiring: "läuft bald ab",
    new_network: "neues Netz",
    secret_shared: "geteiltes Geheimnis",
    old_secret_used: "ersetztes Geheimnis benutzt",
    old_secret_silent: "ersetztes Geheimnis ruht",
    live: "gültig",
    revoked: "widerrufen",
    being_replaced: "wird ersetzt",
    name: "Name",
    kind: "Art",
    owner: "Zuständig",
    tenant: "Mandant",
    client_id: "Client-ID",
    credentials: "Zugangsdaten",
    last_used: "Zuletzt benutzt",
    tags: "Schlagwörter",
    from: OfPlain(|network| html!("von {network}")),
    new_machine: "Neue Maschine",
    why: "Grund",
    cancel: "Abbrechen",
    use_it: "Benutzen",
};

pub(super) const LEFT: LeftWords = LeftWords {
    at_most: |count, until, there| {
        format!(
            "Höchstens {count} Token von vorher kann bis {until} noch ein Server annehmen, der weder nachfragt noch die Statusliste liest{there}."
        )
    },
    there: |places, others| format!(" ({places}{})", if others { " und anderswo" } else { "" }),
    at: |count, place| format!("{count} bei {place}"),
};

pub(super) const MACHINES: MachinesWords = MachinesWords {
    who_acts: "Wer für wen handelt",
    name_or_tag: "Name oder Schlagwort",
    anybody: "Alle",
    tag: "Schlagwort",
    state: "Zustand",
    finding: "Befund",
    order: "Reihenfolge",
    newest_first: "Neueste zuerst",
    oldest_first: "Älteste zuerst",
    name_up: "Name, A bis Z",
    name_down: "Name, Z bis A",
    used_last: "Zuletzt benutzte zuerst",
    used_first: "Am längsten unbenutzte zuerst",
    only_newest: |newest| {
        format!(
            "Nur die neuesten {newest} der gefundenen Maschinen stehen in dieser Reihenfolge. Filtern Sie enger, damit alle darin stehen."
        )
    },
    by_tenant: "Nach Mandant, dann nach Name.",
    none_retired: "Stillgelegte Maschinen haben ihren Namen abgegeben und sind nicht dabei.",
    nothing_fits: "Keine Maschine passt.",
    nothing_fits_more: OfLink(|link| {
        html!("Filtern Sie weniger eng, oder sehen Sie sich {} an.", link.over("alle Maschinen"))
    }),
    none_yet: "Es gibt noch keine Maschinen.",
    none_yet_more: OfLink(|link| {
        html!(
            "Eine Maschine ist eine Identität für einen Agenten, einen Dienst, einen CI-Lauf oder ein Gerät: mit jemandem, der dafür zuständig ist, einem Zweck und Zugangsdaten, die Sie ersetzen und sperren können. {}.",
            link.over("Legen Sie die erste an")
        )
    }),
    choose: "Auswählen",
    choose_one: OfBare(|name| html!("{name} auswählen")),
    credentials_about: "Wie viele gelten und wie alt die ältesten sind",
    next_end: "Ablauf",
    scopes_about: "Wie viele sie genutzt hat, von denen, um die sie bitten darf",
    scopes_used: "Genutzte Rechte",
    findings: "Befunde",
    never_used: "nie benutzt",
    no_credentials: "keine",
    new_credentials: |count| format!("{count}, neu"),
    old_credentials: |count, age| format!("{count}, {age} alt"),
    scopes_of: |used, granted| format!("{used} von {granted}"),
    stop: "Die gewählten anhalten…",
    stop_every: "Jede Maschine, die oben angekreuzt ist.",
    stop_about: "Keine davon bekommt noch Token, und die, die sie haben, sind für alle hinfällig, die hier nachfragen. Sie können die Maschinen später fortsetzen.",
    submit_stop: "Gewählte Maschinen anhalten",
    were_stopped: |count| match count {
        0 => "Die gewählten Maschinen sind angehalten.".to_owned(),
        1 => "1 Maschine ist angehalten.".to_owned(),
        many => format!("{many} Maschinen sind angehalten."),
    },
    some_stopped: "Nicht alle ließen sich anhalten: Manche sind stillgelegt oder nicht mehr da.",
    none_chosen: "Wählen Sie zuerst, welche Maschinen Sie anhalten.",
};

pub(super) const FORM: MachineFormWords = MachineFormWords {
    title: OfPlain(|name| html!("{name} ändern")),
    heading: OfBare(|name| html!("{name} ändern")),
    name_help: "So, wie sie bei Ihnen heißt, zum Beispiel nightly-import.",
    purpose: "Wozu es sie gibt",
    purpose_help: "Eine Zeile, für alle, die in einem Jahr danach fragen.",
    owner_help: "Die E-Mail-Adresse der Person, die für sie zuständig ist.",
    scopes: "Worum sie bitten darf",
    no_scopes: "Noch gibt es keine Rechte, aus denen Sie wählen könnten.",
    resources: "Wo ihre Token gelten",
    resources_help: "Ist nichts gewählt, gelten sie bei jeder eingetragenen Ressource.",
    credential: "Womit sie sich ausweist",
    no_credential: "Noch mit nichts",
    more: "Mehr: Fristen, Netze, Rollen, Schlagwörter",
    tenant_help: "Die Organisation oder Umgebung, zu der sie gehört.",
    lifetime: "So lange gelten ihre Zugriffstoken",
    lifetime_help: "Zum Beispiel 10m oder 1h, höchstens ein Tag. Leer: wie die Ressource es sagt.",
    expires: "Läuft ab am",
    expires_help: "Danach bekommt sie keine Token mehr. Leer: nie.",
    networks: "Aufrufe nur aus",
    networks_help: "Netze wie 10.0.0.0/8, mit Leerzeichen dazwischen. Leer: von überall.",
    roles_help: "Namen von Rollen ihres Mandanten, mit Leerzeichen dazwischen.",
    tags_help: "Mit Kommas dazwischen.",
    description: "Beschreibung",
    dpop: "Token nur für einen Schlüssel ausstellen, den sie nachweislich hat (DPoP)",
    submit_new: "Maschine anlegen",
    submit_change: "Maschine ändern",
    nothing_changed: "Nichts wurde geändert. Sehen Sie sich an, was markiert ist.",
    first_secret: "erstes Geheimnis",
    first_access_key: "erster Zugriffsschlüssel",
    wrong: MachineWrongWords {
        scope: "Eines davon ist kein Recht.",
        lifetime: "Schreiben Sie es wie 10m oder 1h.",
        day: "Nehmen Sie einen Tag, der noch kommt, wie 2027-06-30.",
        networks: "Netze sehen aus wie 10.0.0.0/8.",
        roles: "Eines davon ist kein Name einer Rolle.",
        tenant: "Das ist kein Name eines Mandanten.",
    },
};
