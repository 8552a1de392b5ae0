//! Was jedes Ereignis des Protokolls sagt.

use crate::web::words::list::console::*;

pub(super) const ACTORS: ActorWords =
    ActorWords { nobody: "jemand noch Unbekanntes", operator: "die Kommandozeile", system: "das System" };

fn many(count: u64, one: &str, more: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {more}") }
}

/// Was an einer Person anders sein kann.
fn member(name: &str) -> &str {
    match name {
        "name" => "Name",
        "email" => "E-Mail-Adresse",
        other => other,
    }
}

pub(super) const TOLD: ToldWords = ToldWords {
    founded: |issuer| format!("Zum ersten Mal gestartet als {issuer}"),
    issuer_changed: "Der Aussteller wurde geändert",
    migrated: "Die Datei wurde auf einen neueren Aufbau gebracht",
    backup_made: |file| format!("Die Sicherung {file} wurde angelegt und erprobt"),
    backup_sending: |object| format!("Die Sicherung {object} wird in Teilen in den Objektspeicher übertragen"),
    backup_failed: |why| format!("Eine Sicherung ist fehlgeschlagen{why}"),
    backups_removed: |files| format!("Alte Sicherungen wurden entfernt: {files}"),
    restored: |from| format!("Wiederhergestellt aus einer Sicherung vom {from}"),
    restore_ended: "Was vor der Wiederherstellung ausgegeben war, wurde beendet",
    restore_carried: "Was schon entzogen war, bleibt nach der Wiederherstellung entzogen",
    restore_seen: "Die Folgen der Wiederherstellung wurden durchgesehen",
    swept: |rows| format!("{} entfernt", many(rows, "abgelaufene Zeile wurde", "abgelaufene Zeilen wurden")),
    cut: |entries| {
        format!("{} aus diesem Protokoll entfernt", many(entries, "alter Eintrag wurde", "alte Einträge wurden"))
    },
    certificate: |until| format!("TLS zeigt ein anderes Zertifikat, das bis {until} gilt"),
    setup_opened: "Ein Einrichtungslink wurde erstellt",
    setup_completed: |person| format!("{person} gehört als erste Person zur Verwaltung"),
    master_key: |keys, factors| {
        format!(
            "Der Hauptschlüssel wurde gewechselt: {} und {} wurden neu versiegelt",
            format_args!("{keys} Signierschlüssel"),
            many(factors, "zweiter Faktor", "zweite Faktoren")
        )
    },

    person_created: |person| format!("{person} wurde angelegt"),
    person_changed: |person, what| {
        let what: Vec<&str> = what.iter().map(|name| member(name)).collect();
        format!("{person} wurde geändert: {}", what.join(", "))
    },
    person_suspended: |person, why| format!("{person} wurde angehalten{why}"),
    person_resumed: |person| format!("{person} ist wieder zugelassen"),
    password_set: |person| format!("{person} hat ein neues Passwort"),
    administrator: |person| format!("{person} gehört jetzt zur Verwaltung"),
    administrator_no_more: |person| format!("{person} gehört nicht mehr zur Verwaltung"),
    sessions_ended: |person| format!("{person} wurde überall abgemeldet"),
    sessions_seen: |count| format!("{} in Gebrauch", many(count, "Sitzung war", "Sitzungen waren")),
    signed_in: |person| format!("{person} hat sich angemeldet"),
    sign_in_refused: |person, why| format!("Eine Anmeldung am Konto von {person} wurde abgelehnt: {why}"),
    half_done: |person| format!("{person} wurde nach dem Passwort um einen Code gebeten"),
    signed_out: |person| format!("{person} hat sich abgemeldet"),
    factor_added: |person| format!("{person} meldet sich ab jetzt mit Codes an"),
    factor_removed: |person| format!("{person} meldet sich wieder ohne Codes an"),
    recovery_used: |person, left| {
        format!("{person} hat sich mit einem Wiederherstellungscode angemeldet; {left} übrig")
    },
    recovery_renewed: |person| format!("{person} hat neue Wiederherstellungscodes erstellt"),
    passkey_added: |person, name| format!("{person} darf sich mit dem Passkey {name} anmelden"),
    passkey_removed: |person, name| format!("{person} hat den Passkey {name} nicht mehr"),
    passkey_used: |person| format!("{person} hat sich mit einem Passkey angemeldet"),
    passkey_counter: |person| format!("Ein Passkey von {person} wurde abgelehnt: Vielleicht gibt es eine Kopie davon"),
    roles_changed: |person| format!("Die Rollen von {person} wurden geändert"),

    provider_trusted: |issuer| format!("Was {issuer} über Personen sagt, gilt ab jetzt"),
    provider_changed: |provider, what| format!("Der Identitätsanbieter {provider} wurde geändert: {what}"),
    provider_removed: |issuer| format!("Was {issuer} über Personen sagt, gilt nicht mehr"),
    vouched: |provider, person| format!("{provider} hat gesagt, dass es {person} ist"),
    answer_refused: |provider, why| format!("Eine Antwort von {provider} hat niemanden angemeldet: {why}"),
    linked: |person, subject, provider| format!("{person} wurde mit {subject} bei {provider} verbunden"),
    unlinked: |person, subject, provider| format!("{person} ist nicht mehr mit {subject} bei {provider} verbunden"),
    crossing_allowed: "Eine Anwendung darf unser Wort über Personen zu einem anderen Server tragen",
    crossing_removed: "Eine Anwendung darf unser Wort über Personen nicht mehr zu einem anderen Server tragen",

    registered: |name| format!("{name} wurde registriert"),
    changed: |name| format!("{name} wurde geändert"),
    changed_what: |name, what| format!("{name} wurde geändert: {what}"),
    removed: |name| format!("{name} wurde entfernt"),
    stopped: |name, why| format!("{name} wurde angehalten{why}"),
    may_go_on: |name| format!("{name} wurde fortgesetzt"),

    registered_itself: |name| format!("{name} hat sich selbst registriert"),
    changed_itself: |name, what| format!("{name} hat an sich selbst geändert: {what}"),
    removed_itself: |name| format!("{name} hat die eigene Registrierung entfernt"),
    approved: |name| format!("{name} wurde freigegeben"),
    rejected: |name, why| format!("{name} wurde abgelehnt{why}"),
    verified: |name| format!("{name} wurde geprüft"),
    unverified: |name, why| format!("{name} gilt nicht mehr als geprüft{why}"),
    consents_forgotten: |count| {
        format!(
            "{} vergessen: Die Anwendungen gibt es nicht mehr",
            many(count, "Zustimmung wurde", "Zustimmungen wurden")
        )
    },
    reaped: |count| {
        format!("{} entfernt", many(count, "unbenutzte Registrierung wurde", "unbenutzte Registrierungen wurden"))
    },
    document_changed: |name, what| format!("Das Dokument von {name} hat sich geändert: {what}"),
    secret_rotated: |name| format!("{name} hat ein neues Geheimnis bekommen"),
    secrets_ended: |name| format!("Die alten Geheimnisse von {name} wurden beendet"),
    old_secret_used: |name| format!("{name} benutzt noch ein altes Geheimnis"),
    initial_token_created: "Ein Registrierungstoken wurde erstellt",
    initial_token_revoked: "Ein Registrierungstoken wurde widerrufen",

    machine_created: |name, owner| format!("{name} wurde angelegt; zuständig: {owner}"),
    retired: |name, why| format!("{name} wurde stillgelegt{why}"),
    expired: |name| format!("{name} ist abgelaufen"),
    handed_over: |name, from, to| format!("{name} ging von {from} an {to}"),
    used: |machines, tokens| {
        format!("{} in Gebrauch: {}", many(machines, "Maschine war", "Maschinen waren"), format_args!("{tokens} Token"))
    },
    credential_created: |machine, name| format!("{machine} hat das Zugangsmittel {name} bekommen"),
    credential_rotated: |machine| format!("Ein Zugangsmittel von {machine} hat einen Nachfolger"),
    credential_changed: |machine| format!("Ein Zugangsmittel von {machine} wurde geändert"),
    credential_revoked: |machine, why| format!("Ein Zugangsmittel von {machine} wurde widerrufen{why}"),
    credential_refused: |machine, why| format!("Ein richtiges Zugangsmittel von {machine} wurde abgelehnt: {why}"),
    credential_ambiguous: "Zugangsmittel mehrerer Maschinen passen auf dasselbe Token",
    delegated: |actor, subject| format!("{actor} darf für {subject} handeln"),
    delegated_no_more: |actor, subject, why| format!("{actor} darf nicht mehr für {subject} handeln{why}"),

    tenant_created: |tenant| format!("Der Mandant {tenant} wurde angelegt"),
    tenant_changed: "Ein Mandant wurde geändert",
    tenant_removed: "Ein Mandant wurde entfernt",
    role_created: |role, tenant| format!("Die Rolle {role} wurde in {tenant} angelegt"),
    role_changed: |role, tenant| format!("Die Rolle {role} in {tenant} wurde geändert"),
    role_removed: |role, tenant| format!("Die Rolle {role} in {tenant} wurde entfernt"),
    server_named_tools: |resource, count| {
        format!("Der Server von {resource} hat {} genannt", many(count, "Werkzeug", "Werkzeuge"))
    },
    administrator_named_tools: |resource, count| {
        format!("Für {resource} hat die Verwaltung {} genannt", many(count, "Werkzeug", "Werkzeuge"))
    },
    scope_created: |scope| format!("Das Recht {scope} wurde angelegt"),
    scope_changed: |scope| format!("Das Recht {scope} wurde geändert"),
    scope_removed: |scope| format!("Das Recht {scope} wurde entfernt"),
    catalogue_loaded: "Der mitgelieferte Katalog der Rechte wurde geladen",
    limit_changed: |limit| format!("Die Grenze {limit} wurde geändert"),
    setting_changed: |setting| format!("Die Einstellung {setting} wurde geändert"),
    setting_changed_to: |setting, value| format!("Die Einstellung {setting} wurde geändert auf {value}"),

    key_made: |algorithm, kid| format!("Ein Schlüssel für {algorithm} wurde erzeugt: {kid}"),
    key_signs: |kid| format!("Der Schlüssel {kid} signiert"),
    key_retired: |kid| format!("Der Schlüssel {kid} signiert nicht mehr"),
    key_rescheduled: |kid| format!("Der Schlüssel {kid} beginnt zu einer anderen Zeit"),
    key_withdrawn: |kid| format!("Der Schlüssel {kid} wurde zurückgezogen"),
    key_gone: |kid| format!("Der Schlüssel {kid} ist gelöscht"),

    consent_given: |person, client, scope| format!("{person} hat {client} etwas erlaubt: {scope}"),
    consent_denied: |person, client| format!("{person} hat {client} abgelehnt"),
    consent_revoked: |person, client| format!("Was {person} {client} erlaubt hatte, wurde zurückgenommen"),
    signed_in_to: |person, client| format!("{person} hat sich bei {client} angemeldet"),
    code_replayed: |client| format!("Ein verbrauchter Code von {client} wurde noch einmal vorgelegt"),
    token_issued: |client, subject, resource| {
        let whose = subject.map(|subject| format!(" für {subject}")).unwrap_or_default();
        let there = resource.map(|resource| format!(" bei {resource}")).unwrap_or_default();
        format!("{client} bekam ein Token{whose}{there}")
    },
    acted: |actor, subject, resource| format!("{actor} handelt für {subject} bei {resource}"),
    token_refused: |client, grant, why| format!("{client} bekam kein Token ({grant}): {why}"),
    token_revoked: |client| format!("Ein Token von {client} wurde widerrufen"),
    identity_accepted: "Das Wort eines Identitätsanbieters wurde gegen Token getauscht",
    identity_asserted: "Eine Anwendung bekam unser Wort über eine Person",
    scope_narrowed: "Nicht alle erbetenen Rechte wurden gegeben",
    refresh_overlapped: "Ein Refresh-Token wurde kurz hintereinander zweimal benutzt",
    refresh_replayed: |client| format!("Ein Refresh-Token von {client} haben zwei; es wurde widerrufen"),
    family_revoked: "Eine Folge von Token wurde widerrufen",
    strangers_refused: |count, what| format!("Fremde wurden {count}-mal abgelehnt: {what}"),

    why: WhyWords {
        machine_stopped: "Die Maschine ist angehalten",
        machine_retired: "Die Maschine ist stillgelegt",
        machine_over: "Die Maschine ist abgelaufen",
        network: "Von dort darf sie nicht zugreifen",
        credential_over: "Das Zugangsmittel ist abgelaufen",
        credential_revoked: "Das Zugangsmittel ist widerrufen",
        password: "falsches Passwort oder angehalten",
        code: "falscher Code",
        passkey_suspended: "Passkey: angehalten oder inzwischen entfernt",
        passkey_counter: "Passkey: Der Zähler ging zurück, vielleicht gibt es eine Kopie davon",
        provider_suspended: "Identitätsanbieter: angehalten",
    },
};
