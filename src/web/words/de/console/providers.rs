//! Identitätsanbieter.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const PROVIDERS: ProvidersWords = ProvidersWords {
    title: "Identitätsanbieter",
    lead: "Wer hier sonst sagen kann, wer jemand ist: über einen Knopf auf der Anmeldeseite oder in dem, was eine Anwendung mitbringt.",
    add: "Anbieter hinzufügen",
    nobody: "Bisher zählt nur, was Sie selbst sagen.",
    nobody_more: OfLink(|link| {
        html!(
            "{}, zum Beispiel Google, Entra, Okta oder Keycloak, und wer schon ein Konto hier hat, kann sich damit anmelden. Ein Konto entsteht dadurch nicht.",
            link.over("Fügen Sie einen Anbieter hinzu")
        )
    }),
    provider: "Anbieter",
    issuer: "Aussteller",
    state: "Zustand",
    known_by: "Personen werden erkannt an",
    known_by_short: "Erkannt an",
    people_sign_in: "in Gebrauch",
    turned_off: "ausgeschaltet",
    assertions_only: "nur Bestätigungen",
    by_link: "einer Verknüpfung",
    by_address: |domains| format!("einer Verknüpfung oder einer geprüften Adresse bei {domains}"),
    change: "Ändern",
    turn_off: "Jetzt ausschalten…",
    turn_off_about: OfName(|name| {
        html!(
            "Mit {name} meldet sich ab sofort niemand mehr an. Sitzungen, die damit begonnen haben, laufen weiter, bis sie enden oder Sie sie beenden; Verknüpfungen bleiben. Sie können {name} wieder einschalten."
        )
    }),
    submit_off: "Anbieter ausschalten",
    is_off: "Dieser Anbieter ist ausgeschaltet: Niemand meldet sich damit an.",
    submit_on: "Anbieter einschalten",
    no_button: OfLink(|link| {
        html!(
            "Niemand meldet sich damit an; Bestätigungen von dort werden angenommen. {}, und der Knopf erscheint.",
            link.over("Geben Sie dem Anbieter einen Namen und eine Client-ID")
        )
    }),
    redirect_uri: "Rückgabe\u{ad}adresse",
    register_this: "Tragen Sie sie beim Anbieter ein.",
    client_id: "Client-ID dort",
    secret: "Geheimnis dort",
    secret_set: OfTime(|at| html!("gesetzt {at}, wird nicht gezeigt")),
    no_secret: "keines: ein öffentlicher Client",
    asks_for: "Erbeten wird",
    keys: "Schlüssel",
    keys_written_down: "aus einem Schlüsselsatz, der hier eingetragen wurde",
    keys_in_metadata: "wo die Metadaten des Anbieters es sagen",
    added: "Hinzugefügt",
    links: "Wer ist wer",
    no_links: "Noch ist niemand verknüpft.",
    no_links_more: "Personen verknüpfen sich auf ihrer Kontoseite unter „Verbundene Anmeldungen“, oder Sie tun es hier.",
    subject: "Kennung dort",
    person: "Person hier",
    subject_short: "Kennung",
    person_short: "Person",
    linked: "Verknüpft",
    remove: "Entfernen",
    remove_of: OfBare(|name| html!("die Verknüpfung von {name}")),
    link_somebody: "Jemanden verknüpfen",
    email: "E-Mail-Adresse hier",
    subject_help: Html::of(
        "Der <code>sub</code>, an dem der Anbieter die Person erkennt. Wer bisher damit gemeint war, ist es dann nicht mehr.",
    ),
    submit_link: "Person verknüpfen",
    end: "Beenden",
    remove_provider: "Diesen Anbieter entfernen…",
    remove_about: "Niemand meldet sich mehr damit an, Bestätigungen von dort werden nicht mehr angenommen, und die Verknüpfungen werden vergessen, samt dem Geheimnis. Sitzungen, die damit begonnen haben, laufen weiter.",
    submit_remove: "Anbieter entfernen",
    form: ProviderFormWords {
        change: OfPlain(|name| html!("{name} ändern")),
        uri_to_register: "Diese Rückgabeadresse tragen Sie beim Anbieter ein:",
        uri_comes: "Tragen Sie beim Anbieter eine Webanwendung ein. Welche Rückgabeadresse dort hingehört, steht hier, sobald der Anbieter hinzugefügt ist: Jeder hat seine eigene.",
        issuer_help: "Genau so, wie es in seinen Metadaten steht, zum Beispiel https://accounts.google.com.",
        signing_in: "Anmelden",
        name: "Name auf dem Knopf",
        name_help: "Wie man ihn nennt, zum Beispiel Google. Ohne Namen und Client-ID meldet sich niemand damit an.",
        secret: "Client-Geheimnis dort",
        secret_stays: "Bleibt das Feld leer, gilt das bisherige weiter.",
        secret_sealed: "Es wird versiegelt aufbewahrt und nie wieder gezeigt.",
        public: "Es gibt dort kein Geheimnis: ein öffentlicher Client, den allein PKCE schützt",
        scope_help: "openid muss dabei sein; email, wenn Adressen zählen sollen.",
        who_is_meant: "Wer gemeint ist",
        domains: "Domains, für die er spricht",
        domains_help: "Wer dort eine geprüfte Adresse bei einer davon hat, ist die Person, die sie hier hat, und wird bei der ersten Anmeldung verknüpft. Bleibt das Feld leer, zählen nur Verknüpfungen.",
        keys: "Wo seine Schlüssel sind",
        keys_help: "Bleibt das Feld leer, sagen es seine Metadaten.",
        submit_change: "Anbieter ändern",
        submit_add: "Anbieter hinzufügen",
        cancel: "Abbrechen",
        not_changed: "Es wurde nichts geändert. Sehen Sie nach, was markiert ist.",
        not_added: "Es wurde nichts hinzugefügt. Sehen Sie nach, was markiert ist.",
    },
    said: ProviderSaid {
        added: "Der Anbieter ist hinzugefügt. Tragen Sie dort die Rückgabeadresse ein, wenn man sich damit anmelden soll.",
        changed: "Der Anbieter ist geändert.",
        on: "Eingeschaltet. Der Knopf steht auf der Anmeldeseite.",
        off: "Ausgeschaltet. Von nun an meldet sich niemand damit an; Sitzungen, die damit begonnen haben, laufen weiter.",
        removed: "Der Anbieter und seine Verknüpfungen sind entfernt.",
        linked: "Verknüpft.",
        unlinked: "Die Verknüpfung ist entfernt.",
        nobody: "Es wurde nichts verknüpft: Niemand hier hat diese Adresse, oder die Kennung ist nicht eine Zeile von bis zu 255 Zeichen.",
    },
};
