//! Signaturschlüssel.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const KEYS: KeysWords = KeysWords {
    lead: OfPlainAndPlain(|period, max_age| {
        html!(
            "Womit Token signiert werden. Jeder signiert {period} lang; der nächste ist lange vorher veröffentlicht, denn andere dürfen eine Kopie des Schlüsselsatzes {max_age} lang behalten."
        )
    }),
    rotate: "Schlüssel wechseln…",
    rotate_about: "Schlüssel wechseln von selbst. Wechseln Sie vor einer Änderung, die Sie hinter sich haben möchten. Dabei geht nichts kaputt: Was der alte Schlüssel signiert hat, bleibt gültig, bis es abläuft. Falls jemand die private Hälfte eines Schlüssels haben könnte, öffnen Sie den Schlüssel und ziehen ihn stattdessen zurück.",
    which: "Welche",
    all: "Alle",
    haste: "Wann der neue signiert",
    haste_published: "sobald alle ihn kennen können",
    haste_now: "sofort: Manche treffen auf einen unbekannten Schlüssel und holen den Satz neu",
    submit_rotate: "Schlüssel wechseln",
    hurried: "Innerhalb des letzten Tages wurde ein Schlüssel zurückgezogen, darum behalten andere eine Kopie des Schlüsselsatzes höchstens eine Minute lang.",
    none: "Es gibt noch keine Schlüssel.",
    none_more: "Sie entstehen, wenn Writ zum ersten Mal läuft.",
    legend_wait: "veröffentlicht, signiert noch nicht",
    legend_signs: "signiert",
    legend_kept: "signiert nicht mehr, was er signiert hat, gilt",
    now: "jetzt",
    older: OfNumber(|n| match n.get() {
        1 => html!("{n} älterer Schlüssel bleibt veröffentlicht, bis abgelaufen ist, was er signiert hat"),
        _ => html!("{n} ältere Schlüssel bleiben veröffentlicht, bis abgelaufen ist, was sie signiert haben"),
    }),
    coming: "Was als Nächstes geschieht",
    will_sign: |algorithm, key| format!("{algorithm}: {key} beginnt zu signieren"),
    will_go: |algorithm, key| format!("{algorithm}: {key} ist nicht mehr veröffentlicht"),
    will_be_forgotten: |algorithm, key| format!("{algorithm}: {key} wird vergessen"),
    published: "Was veröffentlicht ist",
    key: "Schlüssel",
    state: "Zustand",
    when: "Wann",
    life: "Verlauf",
    life_from: "Sein Verlauf, von",
    is_next: "folgt",
    is_signing: "signiert",
    is_published: "veröffentlicht",
    is_withdrawn: "zurückgezogen",
    at_made: "Erzeugt",
    at_published: "Veröffentlicht",
    at_signs: "Signiert",
    at_signs_since: "Begann zu signieren",
    at_signed_until: "Signierte bis",
    at_gone: "Verschwindet",
    at_withdrawn: "Zurückgezogen",
    at_forgotten: "Wird vergessen",
    one: KeyWords {
        title: OfPlain(|key| html!("Schlüssel {key}")),
        lead: OfPlain(|algorithm| html!("Ein Schlüssel für {algorithm}")),
        kid: "Sein ganzer Name (kid)",
        signs: OfPlain(|algorithm| html!("Was mit {algorithm} signiert wird")),
        access_tokens: |resource| format!("Access-Token für {resource}"),
        more_access_tokens: |count| format!("Access-Token für {count} weitere Ressourcen"),
        own_tokens: "Access-Token für die eigene Schnittstelle, und was Writ anderen Servern über Personen sagt",
        id_tokens_usually: "ID-Token aller Anwendungen, die kein anderes Verfahren verlangt haben",
        id_tokens: |application| format!("ID-Token von {application}"),
        id_tokens_unnamed: |count, besides| match (count, besides) {
            (1, true) => "ID-Token von 1 weiteren Anwendung".to_owned(),
            (1, false) => "ID-Token von 1 Anwendung".to_owned(),
            (count, true) => format!("ID-Token von {count} weiteren Anwendungen"),
            (count, false) => format!("ID-Token von {count} Anwendungen"),
        },
        id_tokens_maybe: "Vielleicht ID-Token anderer: Nur die neuesten Anwendungen wurden angesehen",
        status_lists: "Die Listen, die sagen, welche Token beendet wurden",
        withdraw: "Zurückziehen",
        withdraw_about: "Für einen Schlüssel, dessen private Hälfte jemand haben könnte. Das lässt sich nicht rückgängig machen.",
        signed_nothing: "Er hat nichts signiert, also fällt nichts aus.",
        nothing_alive: "Nichts, was er signiert hat, gilt noch, also fällt nichts aus.",
        none_known: "Es ist kein Token bekannt, das er signiert hat. Gibt es doch welche, werden sie hier sofort abgelehnt.",
        tokens_refused: |count, until| {
            format!(
                "Jedes Token, das er signiert hat, wird hier sofort abgelehnt: höchstens {count}, von denen das letzte {until} abliefe. Wer eines hat, bekommt mit seiner Zustimmung, seinem Geheimnis oder seinem Schlüssel ein neues."
            )
        },
        successor: |key| format!("Von da an signiert {key}; alle kennen ihn schon."),
        new_successor: |key| {
            format!(
                "Von da an signiert {key}. Er wurde gerade erst veröffentlicht: Manche treffen auf einen unbekannten Schlüssel und holen den Satz neu."
            )
        },
        no_successor: "Ein neuer Schlüssel entsteht und signiert sofort. Alle treffen auf einen unbekannten Schlüssel und holen den Satz neu.",
        what_stays: "Personen bleiben angemeldet, und Refresh-Token, Geheimnisse und Zugriffsschlüssel gelten weiter.",
        taken_until: OfTime(|at| {
            html!(
                "Server, die Signaturen selbst prüfen, behalten eine Kopie des Schlüsselsatzes. Sie nehmen, was er signiert hat, bis sie ihn neu holen, spätestens {at}."
            )
        }),
        withdraw_this: "Diesen Schlüssel zurückziehen…",
        why: "Grund",
        type_name: OfBare(|key| html!("Tippen Sie, wie er anfängt: {key}")),
        submit: "Schlüssel zurückziehen",
        was_withdrawn: "Er wurde zurückgezogen",
        was_withdrawn_more: "Er ist nicht mehr veröffentlicht, und nichts, was er signiert hat, gilt hier.",
        wrong_name: "Es wurde nichts zurückgezogen: Der Schlüssel fängt mit anderen Zeichen an.",
    },
    rotated: "Ein neuer Schlüssel ist unterwegs; wann er signiert, sagen die Zeilen.",
    withdrawn: "Der Schlüssel ist zurückgezogen. Nichts, was er signiert hat, wird hier noch angenommen.",
};
