//! Eine Maschine.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const MACHINE: MachineWords = MachineWords {
    change: "Ändern",
    stop: "Jetzt anhalten…",
    stop_about: OfName(|name| {
        html!(
            "Die Maschine {name} bekommt ab sofort keine Token mehr, und die, die sie hat, sind für alle hinfällig, die hier nachfragen. Sie können sie später fortsetzen."
        )
    }),
    submit_stop: "Diese Maschine anhalten",
    stopped: OfTimeAndBare(|at, because| html!("Angehalten {at}: {because}")),
    resume: "Fortsetzen",
    retired: OfTimeAndBare(|at, because| html!("Stillgelegt {at}: {because}. Was sie getan hat, bleibt nachzulesen.")),
    retired_once: OfBare(|because| html!("Stillgelegt: {because}. Was sie getan hat, bleibt nachzulesen.")),
    waits: "Sie hat noch um kein Token gebeten.",
    waits_more: OfLink(|link| {
        html!("{}, dann erscheint es auf dieser Seite.", link.over("Holen Sie eines so, wie sie es tun wird"))
    }),
    look_again: "Noch einmal nachsehen",
    nobody: "niemand",
    made: "Angelegt",
    ends: "Läuft ab",
    grants: |count| match count {
        0 => "noch keine Token".to_owned(),
        many => format!("{many} Token"),
    },
    stake: STAKE,
    mend: MEND,
    credentials: CREDENTIALS,
    access: ACCESS,
    acting: ACTING,
    activity: "Aktivität",
    nothing_lately: "Nichts in letzter Zeit.",
    see_all: "Alles ansehen",
    owner_and_end: "Übergabe und Ende",
    hand_over_to: "Übergeben an",
    submit_hand_over: "Übergeben",
    retire: "Diese Maschine stilllegen…",
    retire_about: Html::of(
        "Das lässt sich nicht zurücknehmen: Alle ihre Zugangsdaten enden, und sie bekommt nie wieder ein Token. Was sie getan hat, bleibt nachzulesen. Um sie nur eine Weile aufzuhalten, nehmen Sie <em>Jetzt anhalten</em>.",
    ),
    retire_name: OfBare(|name| html!("Geben Sie ihren Namen ein, {name}")),
    submit_retire: "Endgültig stilllegen",
    was: MachineWasWords {
        made: "Die Maschine ist angelegt.",
        changed: "Die Maschine ist geändert. Was sie darf, gilt ab ihrem nächsten Token.",
        stopped: "Angehalten. Sie bekommt keine Token mehr.",
        resumed: "Sie läuft weiter. Die Token von vorher bleiben hinfällig.",
        retired: "Endgültig stillgelegt.",
        handed_over: "Jetzt ist jemand anderes für sie zuständig.",
        no_owner: "Nichts wurde übergeben: Niemand, der sich hier anmelden kann, hat diese Adresse.",
        trimmed: "Die unbenutzten Rechte sind weggenommen.",
        credential: "Die Zugangsdaten sind angelegt.",
        revoked: "Die Zugangsdaten sind widerrufen.",
        delegated: "Von jetzt an darf sie dafür handeln.",
        delegation_revoked: "Sie handelt nicht mehr dafür. Was sie in diesem Namen hatte, ist hinfällig.",
        wrong_name: "Nichts wurde stillgelegt: Der Name war ein anderer.",
    },
};

const STAKE: StakeWords = StakeWords {
    never_got: "Sie hat noch nie ein Token bekommen.",
    got: |count, at, from| format!("Sie hat {count} Token bekommen, das letzte {at}{}.", whence(from)),
    acts_for_one: "Sie handelt für jemanden: 1 Vollmacht gilt.",
    acts_for: |count, more| {
        let or_more = if more { " oder mehr" } else { "" };
        format!("Sie handelt für andere: {count}{or_more} Vollmachten gelten.")
    },
    used: |at, from| format!("Zuletzt benutzt {at}{}.", whence(from)),
    unused: "Noch nie benutzt.",
    only_one: "Mit nichts anderem kann sie sich ausweisen: Danach bekommt die Maschine kein Token mehr.",
    more_networks: |count| if count == 1 { "1 weiteren Netz".to_owned() } else { format!("{count} weiteren Netzen") },
    networks: |named| match named.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, first)) => format!("{} und {last}", first.join(", ")),
    },
};

fn whence(from: &str) -> String {
    if from.is_empty() { String::new() } else { format!(", von {from}") }
}

const MEND: MachineMendWords = MachineMendWords {
    hand_over: "Übergeben",
    retire: "Stilllegen",
    trim: "Wegnehmen, was sie nicht braucht",
    see_access: "Ansehen, was sie darf",
    revoke: "Widerrufen",
    see_credential: "Zugangsdaten ansehen",
    see_users: "Ansehen, wer es benutzt",
    give_each: "Jedem ein eigenes geben",
    rotate: "Ersetzen",
    see_credentials: "Ihre Zugangsdaten ansehen",
};

const CREDENTIALS: MachineCredentialsWords = MachineCredentialsWords {
    add: "Zugangsdaten hinzufügen",
    none: "Sie kann sich noch nicht ausweisen.",
    none_more: "Geben Sie ihr ein Geheimnis oder einen Schlüssel, oder vertrauen Sie den Token, die sie von ihrer Plattform bekommt.",
    key_set: "Schlüssel unter eigener Adresse",
    other_issuer: "Token eines anderen Ausstellers",
    used: OfTime(|at| html!("Zuletzt benutzt {at}")),
    used_from: OfTimeAndPlain(|at, network| html!("Zuletzt benutzt {at} von {network}")),
    never_used: "Nie benutzt",
    made: OfTime(|at| html!("Angelegt {at}")),
    ends: OfTime(|at| html!("Ablauf {at}")),
    still_used: |at, from| {
        let from = if from.is_empty() { String::new() } else { format!(" von {from}") };
        format!("Es ist noch in Gebrauch: zuletzt {at}{from}. Suchen Sie, wer das neue noch nicht übernommen hat.")
    },
    silent: |at| format!("Zuletzt benutzt {at}, und das neue ist in Gebrauch: Sie können es widerrufen."),
    rotate: OfUnseen(|name| html!("Ersetzen{}…", name.after(": "))),
    rotate_about: "Ein zweites wird angelegt. Beide gelten, bis die Frist um ist, und diese Seite zeigt, ab wann das alte niemand mehr benutzt.",
    overlap: "Das alte gilt noch",
    no_overlap: "gar nicht: es endet jetzt",
    an_hour: "1 Stunde",
    a_day: "1 Tag",
    seven_days: "7 Tage",
    thirty_days: "30 Tage",
    submit_rotate: "Geheimnis ersetzen",
    try_: OfUnseen(|name| html!("Ein Token ausprobieren{}…", name.after(": "))),
    try_about: "Fügen Sie ein Token ein, das die Maschine von ihrer Plattform hat. Es wird mit jeder Regel verglichen und gilt danach wie zuvor.",
    token: "Token",
    try_from: "Als käme es von",
    try_from_help: "Eine Adresse der Maschine. Leer: Ihre eigene.",
    submit_try: "Token ausprobieren",
    revoke: OfUnseen(|name| html!("Widerrufen{}…", name.after(": "))),
    revoke_about: "Ab sofort gibt es dafür keine Token mehr. Token von vorher gelten weiter, bis sie ablaufen; um auch sie zu beenden, halten Sie die Maschine an.",
    submit_revoke: "Zugangsdaten widerrufen",
};

const ACCESS: MachineAccessWords = MachineAccessWords {
    title: "Zugriff",
    none: "Sie darf um kein Recht bitten.",
    none_more: OfLink(|link| html!("{}, und nicht mehr.", link.over("Geben Sie ihr, was sie braucht"))),
    anywhere: "Jede eingetragene Ressource",
    lifetime: OfPlain(|length| html!("Token gelten {length}")),
    no_scope_there: "Dort hat sie kein eigenes Recht.",
    uncatalogued: "Nicht im Katalog",
    used: OfTime(|at| html!("zuletzt benutzt {at}")),
    trim: |count| match count {
        1 => "Das Recht wegnehmen, das sie nicht nutzt".to_owned(),
        many => format!("Die {many} Rechte wegnehmen, die sie nicht nutzt"),
    },
    tokens_live: "Token gelten",
    as_resources_say: "wie die jeweilige Ressource es sagt",
    no_roles: "keine",
    calls_from: "Aufrufe von",
    from_anywhere: "überall",
    bound: "An Schlüssel gebunden",
    always_bound: "ja, jedes Token (DPoP)",
    bound_on_wish: "nur auf ihren Wunsch",
};

const ACTING: MachineActingWords = MachineActingWords {
    title: "Handelt für",
    add: "Für jemanden handeln lassen",
    none: "Sie handelt nur für sich selbst.",
    until: OfTime(|at| html!("Ablauf {at}")),
    at_until: OfBareAndTime(|places, at| html!("bei {places}, Ablauf {at}")),
    revoke: OfUnseen(|name| html!("Widerrufen{}…", name.after(": Vollmacht von "))),
    revoke_about: OfName(|name| {
        html!(
            "Sie handelt nicht mehr für {name}: Jedes Token, das sie in diesem Namen bekommen hat, ist hinfällig, und auch, was andere über sie bekommen haben."
        )
    }),
    submit_revoke: "Vollmacht widerrufen",
    see_all: "Alle ansehen, für die sie handelt",
    acted: "Was sie im Namen anderer getan hat",
};
