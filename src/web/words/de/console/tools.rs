//! Werkzeuge.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const TOOLS: ToolsWords = ToolsWords {
    title: OfPlain(|name| html!("Werkzeuge von {name}")),
    heading: "Werkzeuge",
    ask: "Den Server fragen",
    ask_again: "Den Server noch einmal fragen",
    by_server: OfTime(|at| html!("Vom Server selbst genannt, {at}.")),
    by_administrator: OfTime(|at| html!("Von der Verwaltung genannt, {at}.")),
    undecided: OfNumber(|n| match n.get() {
        1 => html!("Über 1 Werkzeug ist noch nicht entschieden."),
        _ => html!("Über {n} Werkzeuge ist noch nicht entschieden."),
    }),
    nothing_known: "Hier sind noch keine Werkzeuge bekannt.",
    nothing_known_more: "Fragen Sie den Server: Er wird ohne Token gefragt, wie ein Fremder fragt. Wenn er seine Werkzeuge nur mit Token nennt, schreiben Sie sie unten auf.",
    needs: "Was jedes Werkzeug braucht",
    no_scopes: OfLink(|link| {
        html!(
            "Die Ressource bietet keine Rechte an, es gibt also nichts, worum man bitten könnte. {}.",
            link.over("Wählen Sie das zuerst")
        )
    }),
    tool: "Werkzeug",
    does_in_its_words: "Was es tut, mit den Worten des Servers",
    does: "Tut",
    token_needs: "Ein Token braucht",
    needed: "Braucht",
    gone: "nicht mehr genannt",
    what_it_needs: OfPlain(|name| html!("Was {name} braucht")),
    not_decided: "nicht entschieden: niemand darf es benutzen",
    any_token: "irgendein Token dieses Servers",
    risky: |scope| format!("{scope} (riskant)"),
    says_reads: "liest nur, sagt es",
    says_destroys: "zerstört, sagt es",
    submit: "Speichern, was Werkzeuge brauchen",
    opened: "Was jedes Recht öffnet",
    whoever: "Wer irgendein Token dieses Servers hat",
    none: "keines",
    code: "In den Code des Servers übernehmen",
    by_hand: "Von Hand aufschreiben",
    list_note: "Ein Name pro Zeile, auf Wunsch mit einem Doppelpunkt und einem Satz. Oder fügen Sie das JSON ein, mit dem der Server auf tools/list antwortet, wie es der MCP Inspector zeigt. Bis zu 60 KB: Bei einer längeren Antwort genügen die Namen. Es tritt an die Stelle der Liste oben; was entschieden ist, bleibt.",
    submit_list: "Werkzeuge aufschreiben",
    named_none: OfForeign(|why| {
        html!(
            "Der Server hat keine Werkzeuge genannt: {why}. Fügen Sie unten seine Liste ein, oder schreiben Sie die Namen auf."
        )
    }),
    listed: "Der Server hat seine Werkzeuge genannt. Sagen Sie, was jedes davon braucht.",
    listed_some: "Der Server hat seine Werkzeuge genannt. Manche Namen können keine Namen von Werkzeugen sein und wurden weggelassen.",
    written: "Die Werkzeuge sind aufgeschrieben. Sagen Sie, was jedes davon braucht.",
    decided: "Es ist entschieden. Nehmen Sie die Zuordnung in den Code des Servers auf: Dort zählt sie.",
    wants_token: "Der Server nennt seine Werkzeuge nur, wenn jemand ein Token hat. Fügen Sie unten seine Liste ein, oder schreiben Sie die Namen auf.",
    stale: "Jemand hat die Ressource geändert, seit Sie die Seite geöffnet haben. So steht es jetzt.",
};
