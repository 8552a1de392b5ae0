//! Rollen und Mandanten.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const ROLES: RolesWords = RolesWords {
    lead: "Was Personen und Maschinen in jedem Mandanten sind. In Token stehen die Rollen und die Befugnisse, die sich daraus ergeben.",
    new: "Neue Rolle",
    choose_tenant: "Einen Mandanten wählen",
    tenant: "Mandant",
    nothing_yet: "Dieser Mandant hat noch keine Rollen.",
    nothing_yet_more: OfLink(|link| {
        html!(
            "Eine Rolle ist ein Name für einige Befugnisse, etwa <code>tickets.read</code>. {}, und geben Sie sie dann Personen und Maschinen.",
            link.over("Legen Sie die erste an")
        )
    }),
    role: "Rolle",
    permissions: "Befugnisse",
    and_more: |left| format!("und {left} weitere"),
    none: "keine",
    more_than: |seen| format!("mehr als {seen}"),
    tenants_about: "Eine Organisation, eine Umgebung oder ein Kunde. Maschinen, Rollen und was Personen sind gehören zu einem davon.",
    new_tenant: "Neuer Mandant…",
    tenant_name_note: "Buchstaben, Ziffern, Punkte und Striche. So heißt der Mandant in jedem Token, und das ändert sich nicht.",
    title: "Titel",
    title_note: "Wie man ihn nennt.",
    title_wrong: "Geben Sie einen Titel mit 1 bis 128 Zeichen ein.",
    submit_tenant: "Mandanten anlegen",
    title_of: OfBare(|tenant| html!("Titel von {tenant}")),
    submit_title: "Titel ändern",
    remove: OfPlain(|tenant| html!("{tenant} entfernen…")),
    remove_about: "Nichts bringt ihn zurück. Er muss leer sein: keine Rollen und keine Maschinen.",
    remove_submit: "Mandanten entfernen",
    tenant_was_made: "Der Mandant ist angelegt.",
    title_was_changed: "Der Mandant heißt von nun an so.",
    tenant_was_removed: "Der Mandant ist entfernt.",
    was_made: "Die Rolle ist angelegt. Geben Sie sie nun jemandem.",
    was_changed: "Die Rolle ist geändert. Vom nächsten Token an steht es so darin.",
    was_removed: "Die Rolle ist entfernt.",
    was_taken: "Weggenommen. Vom nächsten Token an steht es so darin.",
};

pub(super) const ROLE: RoleWords = RoleWords {
    lead: OfBareAndTime(|tenant, at| html!("Eine Rolle in {tenant}, angelegt {at}")),
    holders: "Wer sie hat",
    nobody: "Niemand hat sie.",
    nobody_more: Html::of(
        "Geben Sie sie Personen auf deren Seiten und Maschinen auf deren Seiten unter <em>Ändern</em>.",
    ),
    take: "Wegnehmen",
    take_from: OfPlain(|name| html!("bei {name}")),
    machine: "Eine Maschine.",
    more_people: "Weitere Personen haben sie. Gezeigt werden nur die ersten.",
    more_machines: "Weitere Maschinen haben sie. Gezeigt werden nur die ersten.",
    change: "Was sie bedeutet",
    permissions_note: "Eine pro Zeile. Wer die Rolle hat, bekommt vom nächsten Token an, was hier steht.",
    submit: "Rolle ändern",
    held: "Eine Rolle, die jemand hat, lässt sich nicht entfernen. Nehmen Sie sie zuerst weg.",
    remove: "Diese Rolle entfernen…",
    remove_about: "Niemand hat sie, es hört also nichts auf zu gehen. Sie lässt sich wieder anlegen.",
    remove_submit: "Rolle entfernen",
};

pub(super) const ROLE_FORM: RoleFormWords = RoleFormWords {
    title: OfPlain(|tenant| html!("Neue Rolle in {tenant}")),
    name_note: "Er steht in Token. Buchstaben, Ziffern, Punkte, Doppelpunkte, Binde- und Unterstriche.",
    description: "Wofür sie ist",
    permissions_note: "Eine pro Zeile, etwa tickets.read.",
    submit: "Rolle anlegen",
};
