//! Wer für wen handelt.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const DELEGATIONS: DelegationsWords = DelegationsWords {
    title: "Wer für wen handelt",
    all: "Alle Maschinen, die neueste Vollmacht zuerst.",
    none: "Niemand handelt für jemanden.",
    machine: "Maschine",
    subject: "Handelt für",
    purpose: "Wozu",
    scopes: "Womit",
    state: "Zustand",
    until: "Bis",
    end: "Beenden",
    begin_revoke: OfPlainAndPlain(|machine, subject| {
        html!("Widerrufen<span class=\"unseen\">, dass {machine} für {subject} handelt</span>…")
    }),
    revoke_about: OfNameAndName(|machine, subject| {
        html!(
            "{machine} handelt nicht mehr für {subject}: Jedes Token in diesem Namen ist dann ungültig, und auch, was andere damit bekommen haben."
        )
    }),
    why: "Warum",
    revoke: "Vollmacht widerrufen",
};

pub(super) const FORM: DelegationFormWords = DelegationFormWords {
    title: OfPlain(|machine| html!("{machine} für jemanden handeln lassen")),
    heading: "Für jemanden handeln lassen",
    lead: "Die Token der Maschine nennen dann diese Person, und die Maschine als die, die handelt. Die Person sieht es auf ihrer Kontoseite und kann es zurücknehmen.",
    subject: "Für wen",
    subject_help: "Die E-Mail-Adresse einer Person oder die Kennung einer anderen Maschine.",
    purpose: "Wozu",
    purpose_help: "Eine Zeile. Die Person liest sie auf ihrer Kontoseite.",
    scopes: "In ihrem Namen erlaubt",
    no_scopes: "Es gibt noch keine Rechte zur Auswahl.",
    resources: "Wo",
    resources_help: "Nichts gewählt heißt: überall, wo diese Maschine hindarf.",
    until: "Bis",
    until_help: "Höchstens ein Jahr. Die Vollmacht endet mit diesem Tag, UTC.",
    across: OfBare(|tenant| html!("Auch wenn die Person keine Rolle in {tenant} hat, dem Mandanten dieser Maschine")),
    submit: "Vollmacht erteilen",
    cancel: "Abbrechen",
    nobody: "Niemand hat diese Adresse, und keine Maschine hat diese Kennung.",
    no_scope_chosen: "Wählen Sie mindestens eines.",
    wrong_day: "Wählen Sie einen Tag innerhalb eines Jahres.",
};
