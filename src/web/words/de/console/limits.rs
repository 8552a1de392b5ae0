//! Wie oft jemand fragen darf.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const LIMITS: LimitsWords = LimitsWords {
    title: "Grenzen",
    lead: "Wie viele Anfragen pro Minute von einer Adresse oder einem Client kommen dürfen. Wer öfter fragt, erfährt, wann es wieder geht.",
    about: "Was hier geändert wird, gilt von der nächsten Anfrage an und auch nach einem Neustart, anstelle der Einstellung. Wer an eine Grenze gestoßen ist, wird nur im Arbeitsspeicher gezählt, seit Writ gestartet wurde.",
    limit: "Grenze",
    a_minute: "Pro Minute",
    met: "Erreicht",
    change_it: "Ändern",
    no_limit: "unbegrenzt",
    setting: OfPlain(|limit| html!("Einstellung: {limit}")),
    change: "Ändern…",
    requests_a_minute: "Anfragen pro Minute",
    zero: "0 heißt unbegrenzt.",
    submit: OfPlain(|name| html!("{name} ändern")),
    back: OfPlain(|limit| html!("Zurück zur Einstellung, {limit}")),
    accounts: "Rateversuche an Konten",
    accounts_about: "Fünf falsche Passwörter sind bei jedem Konto frei; danach wartet, wer rät, von einer Sekunde bis zu einer Minute, ganz gleich, von wo. Ein Browser, in dem das Konto schon angemeldet war, wird für sich gezählt, damit niemand durch fremdes Raten aus dem eigenen Konto ausgesperrt wird. Das lässt sich nicht einstellen.",
    had_to_wait: "Jemand musste warten:",
    changed: "Die Grenze ist geändert und gilt von nun an.",
    reset: "Es gilt wieder, was die Einstellung sagt.",
};
