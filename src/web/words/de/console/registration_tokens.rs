//! Token, mit denen Programme Anwendungen eintragen.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const TOKENS: RegistrationTokensWords = RegistrationTokensWords {
    title: "Eintragungstokens",
    lead: "Wer eines hat, trägt Anwendungen ein wie Sie selbst: Diese lassen sich sofort benutzen und dürfen für sich selbst handeln.",
    open: OfLink(|setting| {
        html!(
            "Eintragen {}, auch ohne Token. Wer eines hat, darf mehr eintragen: eine Anwendung, die für sich selbst handelt.",
            setting.over("darf hier jeder")
        )
    }),
    approval: OfLink(|setting| {
        html!("Wer ohne Token einträgt, {}; wer eines hat, wartet nicht.", setting.over("wartet auf Ihre Freigabe"))
    }),
    token_only: OfLink(|setting| html!("Ohne Token {}.", setting.over("trägt niemand etwas ein"))),
    closed: OfLink(|setting| {
        html!("Eintragen ist {}: Niemand kann es jetzt, auch nicht mit einem von diesen.", setting.over("geschlossen"))
    }),
    none: "Es gibt keines.",
    none_more: "Legen Sie eines für ein Skript an, das Anwendungen einrichtet, und lassen Sie es mit dem Tag enden, an dem es gebraucht wird.",
    token: "Token",
    state: "Zustand",
    made: "Angelegt",
    ends: "Läuft ab",
    uses: "Benutzt",
    end: "Beenden",
    begin_end: "Beenden…",
    end_about: "Niemand trägt damit mehr etwas ein, ab sofort und endgültig. Was damit eingetragen wurde, bleibt eingetragen.",
    end_token: "Token beenden",
    is_good: "Gilt",
    is_over: "Abgelaufen",
    is_used_up: "Verbraucht",
    used_of: |uses, most| format!("{uses} von {most}"),
    new: "Neues Token",
    name: "Wofür es ist",
    name_help: "Daran finden Sie es wieder, auch im Protokoll.",
    lasts: "So lange kann man damit eintragen",
    one_year: "1 Jahr",
    most_uses: "Wie viele Anwendungen",
    most_uses_help: "Leer heißt: beliebig viele.",
    make: "Token anlegen",
    lasts_wrong: "Wählen Sie, wie lange man damit eintragen kann.",
    most_uses_wrong: "Eine ganze Zahl, oder leer für beliebig viele.",
    nothing_made: "Es wurde nichts angelegt. Sehen Sie nach, was gekennzeichnet ist.",
    ended: "Beendet: Niemand trägt damit mehr etwas ein. Was damit eingetragen wurde, bleibt eingetragen.",
};

pub(super) const TOKEN: RegistrationTokenWords = RegistrationTokenWords {
    title: "Neues Eintragungstoken",
    copy_now: "Kopieren Sie es jetzt: Es wird nur dieses eine Mal gezeigt und nirgends aufgehoben. Wer es hat, trägt Anwendungen ein, die sich sofort benutzen lassen.",
    token: "Token",
    good_for: "Gilt für",
    applications: |most| match most {
        None => "Beliebig viele Anwendungen".to_owned(),
        Some(1) => "1 Anwendung".to_owned(),
        Some(most) => format!("{most} Anwendungen"),
    },
    applications_until: OfPlainAndTime(|applications, at| html!("{applications}, läuft ab {at}")),
    endpoint: "Zu schicken an",
    to_use: "So wird es benutzt",
    as_bearer: "Als Bearer-Token der Anfrage:",
    with_curl: "Eine Anwendung mit curl eintragen",
    shown_before: "Dieses Formular wurde schon einmal abgeschickt, und dabei wurde das Token gezeigt. Es ist nirgends aufgehoben; wenn es verloren ist, beenden Sie es und legen ein anderes an.",
    done: "Fertig",
};
