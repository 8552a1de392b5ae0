//! Alle, die sich anmelden können. „Sie“ ist, wer die Seite liest; von der Person auf ihr wird in der dritten Person erzählt.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const PEOPLE: PeopleWords = PeopleWords {
    lead: "Wer sich hier anmelden kann. Die Verwaltung sieht außerdem diese Konsole.",
    add: "Person anlegen",
    name_or_address: "Name oder Adresse",
    nobody_fits: "Dazu passt niemand.",
    nobody_fits_more: "Namen und Adressen werden an jedem ihrer Teile gefunden; wer schon lange hier ist, an der ganzen Adresse.",
    name: "Name",
    address: "Adresse",
    standing: "Stellung",
    state: "Zustand",
    added: "Angelegt",
    administrator: "Verwaltung",
    member: "Mitglied",
    active: "aktiv",
    suspended: "angehalten",
    add_title: "Eine Person anlegen",
    change: OfPlain(|name| html!("{name} ändern")),
    name_help: "Diesen Namen lesen Anwendungen und andere Personen.",
    email: "E-Mail-Adresse",
    email_help: "Damit meldet sich die Person an.",
    new_email_help: "Von nun an gilt diese Adresse bei der Anmeldung. Wo die Person angemeldet ist, bleibt sie es.",
    member_more: "Mitglied: meldet sich bei Anwendungen an",
    administrator_more: "Verwaltung: sieht außerdem diese Konsole und darf darin alles",
    first_password: "Erstes Passwort",
    random_help: "Bleibt das Feld leer, wird ein zufälliges erzeugt und einmal gezeigt.",
    submit_change: "Person ändern",
    cancel: "Abbrechen",
    password_of: OfPlain(|name| html!("Passwort von {name}")),
    new_password: "Neues Passwort",
    shown_once: OfName(|name| {
        html!("Kopieren Sie es jetzt: Es wird nur dieses eine Mal gezeigt. Wer es hat, kann sich als {name} anmelden.")
    }),
    sessions_over: "Alle bisherigen Sitzungen sind beendet.",
    give_it: "Geben Sie es so weiter, dass niemand sonst es liest.",
    own_session_over: OfLink(|link| {
        html!("Auch Ihre eigene Sitzung ist beendet. {}.", link.over("Melden Sie sich mit dem neuen Passwort an"))
    }),
    done: "Fertig",
};

pub(super) const PERSON: PersonWords = PersonWords {
    this_is_you: "das sind Sie selbst",
    change: "Ändern",
    is_stopped: "Diese Person ist angehalten: Sie kann sich nirgends anmelden, und nichts handelt für sie. Maschinen, die mit ihr angehalten wurden, bleiben es, bis Sie jede einzeln fortsetzen.",
    let_go_on: "Wieder zulassen",
    stop_now: "Jetzt anhalten…",
    stop_yourself_about: Html::of(
        "<strong>Das ist Ihr eigenes Konto.</strong> Sie werden sofort abgemeldet und können sich nicht selbst wieder zulassen: Das muss jemand anderes aus der Verwaltung tun.",
    ),
    stop_about: OfName(|name| {
        html!(
            "{name} kann sich ab sofort nirgends mehr anmelden, und was Anwendungen in diesem Namen haben, wird ungültig."
        )
    }),
    at_stake: |count| match count {
        0 => String::new(),
        1 => "1 Maschine, für die diese Person zuständig ist, wird mit ihr angehalten.".to_owned(),
        many => format!("{many} Maschinen, für die diese Person zuständig ist, werden mit ihr angehalten."),
    },
    at_stake_at_least: |many| {
        format!("Mindestens {many} Maschinen, für die diese Person zuständig ist, werden mit ihr angehalten.")
    },
    can_go_on_later: "Sie können sie später wieder zulassen.",
    why: "Grund",
    meant: "mich anhalten",
    type_meant: OfPlain(|meant| html!("Tippen Sie „{meant}“")),
    stop_myself: "Mich anhalten",
    stop_person: "Diese Person anhalten",
    id: "Kennung",
    sessions: "Angemeldet",
    sign_out_everywhere: "Überall abmelden",
    no_session: "Diese Person ist nirgends angemeldet.",
    a_browser: "Ein Browser",
    this_browser: "dieser Browser",
    signed_in: OfTime(|at| html!("Angemeldet {at}")),
    signed_in_from: OfTimeAndPlain(|at, network| html!("Angemeldet {at} aus {network}")),
    last_seen: OfTime(|at| html!("zuletzt gesehen {at}")),
    end_session: "Sitzung beenden",
    of_session: OfPlain(|since| html!("begonnen {since}")),
    ways: "Womit sich die Person anmeldet",
    passkey: OfBare(|name| html!("Passkey „{name}“")),
    passkey_used: OfTime(|at| html!("Zuletzt benutzt {at}")),
    passkey_never_used: "Nie benutzt",
    passkey_added: OfTime(|at| html!("eingerichtet {at}")),
    remove: "Entfernen",
    remove_passkey_about: OfName(|name| {
        html!(
            "Mit {name} meldet sich dann niemand mehr an, und die Person wird überall abgemeldet: für ein Gerät, das verloren oder in falschen Händen ist. Was Anwendungen erlaubt wurde, bleibt."
        )
    }),
    remove_passkey: "Passkey entfernen",
    factor_since: OfTime(|at| html!("Und ein Code aus einer App, eingerichtet {at}")),
    codes_left: OfNumber(|n| match n.get() {
        1 => html!("noch {n} Wiederherstellungscode"),
        _ => html!("noch {n} Wiederherstellungscodes"),
    }),
    reset_factor: "Zweiten Faktor zurücksetzen…",
    reset_factor_about: "Für jemanden, der die App und die Wiederherstellungscodes verloren hat und mit dem Sie gesprochen haben. Die Codes sind dann nichts mehr wert, und die Person wird überall abgemeldet. Wo ein Passwort nicht genügt, richtet sie bei der nächsten Anmeldung etwas ein.",
    submit_reset: "Faktor zurücksetzen",
    password_not_enough: "Nur das Passwort, und das genügt hier nicht: Bei der nächsten Anmeldung richtet die Person etwas ein.",
    password_alone: "Nur das Passwort: Einmalcodes aus einer App sind nicht eingerichtet.",
    grants: "Was die Person erlaubt hat",
    no_grant: "Diese Person hat keiner Anwendung etwas erlaubt.",
    take_back: "Zurücknehmen",
    take_back_from: OfBare(|application| html!("was {application} darf")),
    take_back_about: OfName(|application| {
        html!(
            "Was {application} im Namen dieser Person hat, wird jetzt ungültig. {application} kann sie wieder fragen."
        )
    }),
    all_grants: "Alles Erlaubte ansehen",
    machines: "Maschinen, für die sie zuständig ist",
    no_machine: "Diese Person ist für keine Maschine zuständig.",
    all_machines: "Alle ihre Maschinen ansehen",
    hand_over: "Alle übergeben…",
    hand_over_about: "Jemand anderes wird für jede Maschine hier zuständig, auch für angehaltene; stillgelegte bleiben, wo sie sind. Die Maschinen selbst merken davon nichts.",
    new_owner: "E-Mail-Adresse der neuen zuständigen Person",
    submit_hand_over: "Maschinen übergeben",
    delegations: "Maschinen, die für sie handeln",
    until: OfTime(|at| html!("endet {at}")),
    all_delegations: "Alle ansehen, die für sie handeln",
    no_roles: "Diese Person hat keine Rolle. Token über sie enthalten keine Rechte.",
    take_away: "Wegnehmen",
    no_role_to_give: OfLink(|link| html!("Es gibt keine Rolle zu vergeben. {}.", link.over("Legen Sie eine an"))),
    no_other_role_to_give: OfLink(|link| {
        html!("Es gibt keine weitere Rolle zu vergeben. {}.", link.over("Legen Sie eine an"))
    }),
    role: "Rolle",
    give_role: "Rolle geben",
    claims: "Token über diese Person sagen außerdem:",
    activity: "Aktivität",
    all_about: "Alles über die Person ansehen",
    all_by: "Was sie selbst getan hat",
    nothing_lately: "In letzter Zeit nichts.",
    account: "Passwort und Stellung",
    new_password: "Neues Passwort…",
    new_password_about: "Alle Sitzungen dieser Person enden, und gescheiterte Anmeldungen zählen nicht mehr. Was Anwendungen erlaubt wurde, bleibt.",
    set_password: "Passwort setzen",
    lower: "Verwaltung entziehen…",
    lower_about: OfName(|name| {
        html!(
            "{name} sieht diese Konsole vom nächsten Klick an nicht mehr und kann sich weiter bei Anwendungen anmelden."
        )
    }),
    lower_yourself: "Das können Sie nicht selbst zurücknehmen: Das muss jemand anderes aus der Verwaltung tun.",
    submit_lower: "Zum Mitglied machen",
    raise: "In die Verwaltung aufnehmen…",
    raise_about: OfName(|name| html!("{name} darf dann hier alles, was Sie dürfen, auch mit Ihrem Konto.")),
    submit_raise: "In die Verwaltung aufnehmen",
    said: PersonSaid {
        added: "Angelegt. Die Person kann sich jetzt anmelden.",
        changed: "Geändert. Wo die Person angemeldet ist, bleibt sie es.",
        stopped: "Angehalten. Die Person kann sich nirgends anmelden, und nichts handelt für sie.",
        handed_over: "Für ihre Maschinen ist jetzt jemand anderes zuständig.",
        no_owner: "Es wurde nichts übergeben: Geben Sie die Adresse von jemand anderem hier an, der sich anmelden kann.",
        resumed: "Die Person ist wieder zugelassen. Maschinen, die mit ihr angehalten wurden, warten auf Sie.",
        ended: "Diese Sitzung ist beendet.",
        over: "Diese Sitzung war schon beendet.",
        all_ended: "Überall abgemeldet.",
        revoked: "Zurückgenommen. Was die Anwendung im Namen dieser Person hatte, ist ungültig.",
        password: "Das neue Passwort gilt. Alle bisherigen Sitzungen sind beendet.",
        weak: "Das Passwort bleibt, wie es war: Nehmen Sie eines mit mindestens 10 Zeichen, das schwer zu erraten ist und in dem nicht der Name oder die Adresse der Person steht.",
        factor_reset: "Zurückgesetzt. Es wird kein Code mehr verlangt, und alle bisherigen Sitzungen sind beendet.",
        no_factor: "Es wird ohnehin kein Code verlangt.",
        passkey_removed: "Entfernt. Mit diesem Passkey meldet sich niemand mehr an, und alle bisherigen Sitzungen sind beendet.",
        no_passkey: "Diesen Passkey gibt es nicht mehr.",
        raised: "Gehört von nun an zur Verwaltung.",
        lowered: "Von nun an Mitglied.",
        roles: "Die Rollen sind geändert. Token sagen es vom nächsten an.",
        not_meant: "Niemand wurde angehalten: Um sich selbst anzuhalten, tippen Sie die Worte ab.",
        last: "Niemand sonst verwaltet dieses System: Nehmen Sie zuerst jemand anderen in die Verwaltung auf.",
    },
};
