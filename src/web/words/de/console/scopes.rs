//! Rechte.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const SCOPES: ScopesWords = ScopesWords {
    lead: "Alles, worum man bitten kann, in den Worten, die man liest, bevor man es erlaubt.",
    new: "Neues Recht",
    name_or_words: "Name oder Worte",
    nothing_fits: "Kein Recht passt.",
    nothing_yet: "Noch gibt es nichts, worum man bitten kann.",
    nothing_yet_more: OfTwoLinks(|add, protect| {
        html!(
            "{}, oder legen Sie welche an, wenn Sie {}.",
            add.over("Legen Sie das erste Recht an"),
            protect.over("einen MCP-Server schützen")
        )
    }),
    who_can: "Wer es hat, kann",
    can: "Kann",
    scope: "Recht",
    risk: "Risiko",
    risky: "riskant",
    low: "gering",
    implies: "Gibt auch",
    others: OfNumber(|n| html!("{n} andere")),
    offered_by: "Angeboten von",
    appliance: "der eigenen API",
    resources: OfNumber(|n| html!("{n} Ressourcen")),
    was_added: "Das Recht ist angelegt. Lassen Sie es als nächstes eine Ressource anbieten.",
    was_changed: "Das Recht ist geändert. Wer von nun an gefragt wird, liest es so.",
    was_removed: "Das Recht ist entfernt.",
};

pub(super) const SCOPE: ScopeWords = ScopeWords {
    risky: "Riskant: markiert und nie schon angekreuzt",
    low: "Gering",
    implies_nothing: "nichts weiter",
    implied_by: "Kommt mit",
    added: "Angelegt",
    where_: "Wo es zählt",
    own: OfLink(|link| html!("{} und sonst nirgends. Es bleibt, wie es ist.", link.over("Bei der eigenen API"))),
    not_offered: "Keine Ressource bietet es an.",
    not_offered_more: "Bis eine es tut, kann es niemand bekommen: Öffnen Sie eine Ressource, und ändern Sie, was sich dort tun lässt.",
    who: "Wer darum bitten darf",
    none: "Keine.",
    applications: "Anwendungen, die es nennen",
    no_applications: "Keine. Eine Anwendung, die keine Rechte nennt, darf um alles bitten, was eine Ressource anbietet.",
    not_allowed: "Niemand hat es einer Anwendung erlaubt.",
    allowed: |grants| format!("Dafür gibt es {grants}."),
    remove: "Dieses Recht entfernen…",
    remove_about: "Niemand kann mehr darum bitten. Wenn eine Ressource es anbietet, ein anderes Recht es mitgibt oder eine Maschine, eine Anwendung oder eine Vollmacht es nennt, muss es dort zuerst weg.",
    remove_submit: "Recht entfernen",
};

pub(super) const SCOPE_FORM: ScopeFormWords = ScopeFormWords {
    name_note: "Für Programme, ohne Leerzeichen, etwa tickets:write. Später lässt er sich nicht ändern.",
    words: "Was geschehen wird",
    words_note: "Die Zeile, die man erlaubt: „Tickets anlegen und ändern“.",
    words_example: "Tickets anlegen und ändern",
    low: "Gering: lässt sich ohne Bedenken geben",
    implies_note: "Rechte, die auch hat, wer dieses hat, mit Leerzeichen dazwischen.",
    submit: "Recht anlegen",
    submit_change: "Recht ändern",
    nothing_added: "Es wurde nichts angelegt. Sehen Sie sich an, was markiert ist.",
    name_wrong: "Nehmen Sie einen Namen ohne Leerzeichen, Anführungszeichen und umgekehrte Schrägstriche, etwa tickets:write.",
};
