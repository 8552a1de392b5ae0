//! Das Protokoll.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const AUDIT: AuditWords = AuditWords {
    lead: OfLink(|refusals| {
        html!(
            "Alles, was getan wurde, in einer Kette, an der man sieht, wenn ein Eintrag geändert ist oder fehlt. Was abgelehnt wurde, hat {}.",
            refusals.over("eine eigene Seite")
        )
    }),
    verify: "Kette prüfen",
    event: "Ereignis",
    outcome: "Ausgang",
    done: "Getan",
    refused: "Abgelehnt",
    done_by: "Getan von",
    about: "Betrifft",
    acting: "Handelnde Maschine",
    since: "Ab",
    until: "Bis",
    nobody_called: "So heißt hier niemand",
    no_machine_called: "So heißt hier keine Maschine",
    several_called: "Genau so heißt niemand, oder mehrere: Wählen Sie unten",
    no_day: "ein Tag wie 2027-06-30",
    whom: "Wen meinen Sie?",
    nothing: "Auf dieser Seite passt kein Eintrag.",
    nothing_here: OfLink(|further| {
        html!(
            "Das Protokoll ist lang, und eine Seite sieht sich nur einen Teil an. {}.",
            further.over("Weiter zurück suchen")
        )
    }),
    nothing_narrowed: OfLink(|all| html!("Nehmen Sie etwas aus dem Filter, oder {}.", all.over("zeigen Sie alles"))),
    understood: Html::of(
        "Namen, Adressen und Kennungen werden verstanden. Bei einer handelnden Maschine ist unter <em>Betrifft</em> gemeint, für wen sie gehandelt hat.",
    ),
    upkeep_shown: OfLink(|without| {
        html!("Was das System für sich selbst notiert, ist dabei. {}.", without.over("Weglassen"))
    }),
    upkeep_hidden: OfLink(|with| {
        html!("Was das System jede Minute für sich selbst notiert, ist weggelassen. {}.", with.over("Zeigen"))
    }),
    number: "Nr.",
    when: "Wann",
    what: "Was",
    by: "Durch",
    from: "Woher",
    older: "Ältere Einträge",
    export_lines: "Als JSON Lines herunterladen",
    export_csv: "Als CSV herunterladen",
    chain_whole: |entries, hash| match entries {
        1 => format!("Die Kette ist ganz: 1 Eintrag, wie er geschrieben wurde. Sie endet mit {hash}."),
        entries => {
            format!("Die Kette ist ganz: {entries} Einträge, jeder wie er geschrieben wurde. Sie endet mit {hash}.")
        }
    },
    chain_broken: |why| format!("Das Protokoll ist nicht, wie es geschrieben wurde: {why}."),
    live: LiveWords {
        watch: "Live verfolgen",
        title: "Neue Einträge",
        stopped: "Nach einer halben Stunde angehalten. Mit dem Knopf geht es weiter.",
        waiting: "Wartet, solange ein Eintrag offen ist.",
        signed_out: "Sie sind abgemeldet. Laden Sie die Seite neu, um sich anzumelden.",
        none_new: "Verfolgt live. Noch nichts Neues.",
        some_new: "Verfolgt live. {} neu.",
        more: "Es kamen mehr, als hier stehen: Laden Sie die Seite neu, um alles zu sehen.",
        silent: "Das System antwortet nicht. Neuer Versuch läuft.",
    },
    entry: EntryWords {
        title: |sequence| format!("Eintrag {sequence}"),
        request: "Anfrage",
        whole: "Alles, was darin steht",
        chain: "Sein Platz in der Kette",
        before: "Davor",
        itself: "Dieser",
        after: "Danach",
        same_request: "Was dieselbe Anfrage noch getan hat",
    },
};
