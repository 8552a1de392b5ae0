//! Deutsch.

mod console;

use super::list::*;
use super::marks::*;
use crate::model::Language;

pub(super) static WORDS: Words = Words {
    language: Language::De,
    time: TimeWords {
        just_now: "gerade eben",
        length: |span| length(span, Case::Nominative),
        ago: |span| format!("vor {}", length(span, Case::Dative)),
        ahead: |span| format!("in {}", length(span, Case::Dative)),
        a_year: "ein Jahr",
        months: [
            "Januar",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ],
        exact: |day, month, year, clock| format!("{day}. {month} {year}, {clock} UTC"),
    },
    frame: FrameWords {
        console: "Konsole",
        demo: "Vorführung",
        demo_about: Html::of("<strong>Vorführung.</strong> Menschen und Anwendungen sind hier erfunden."),
        help: "Hilfe",
        dark_page: "Dunkle Seite",
        light_page: "Helle Seite",
        sign_in: "Anmelden",
        sign_out: "Abmelden",
        to_account: "Zu Ihrem Konto",
        what_to_do: "Was Sie tun können",
        copy: "Kopieren",
        copied: "Kopiert",
        show: "Zeigen",
        hide: "Verbergen",
        email: "E-Mail-Adresse",
        password: "Passwort",
    },
    home: HomeWords {
        title: "Willkommen",
        almost_ready: "Fast fertig",
        nobody_yet: OfPlain(|house| html!("{house} läuft, und noch niemand verwaltet es.")),
        open_link: OfPlain(|house| {
            html!(
                "Öffnen Sie den <strong>Einrichtungslink</strong>, den {house} beim Start ausgegeben hat. Er gilt einmal, und nur wer diese Ausgabe lesen kann, kommt an ihn heran."
            )
        }),
        also_by_command: Html::of("Auf demselben Rechner geht es auch mit <code>writ setup</code>."),
        hello: OfBare(|name| html!("Guten Tag, {name}")),
        slogan: "Anmeldung und Erlaubnis an einem Ort",
        about: OfPlain(|house| {
            html!(
                "Über {house} melden Sie sich bei Anwendungen und Agenten an, und es fragt Sie, bevor etwas davon in Ihrem Namen handeln darf. Was Sie erlaubt haben, können Sie hier zurücknehmen."
            )
        }),
        connecting: "Möchten Sie eine Anwendung verbinden?",
        one_address: "Sie braucht eine Adresse. Alles Weitere findet sie selbst.",
        server_metadata: "Metadaten des Servers",
        openid_configuration: "OpenID-Konfiguration",
    },
    setup: SetupWords {
        title: "Einrichten",
        heading: "Übernehmen Sie die Verwaltung",
        lead: OfPlain(|house| html!("Dies ist das erste Konto. Es meldet sich hier an und verwaltet {house}.")),
        name: "Ihr Name",
        password_help: |shortest| {
            format!(
                "Mindestens {shortest} Zeichen. Ein paar Wörter, die Sie sich merken, sind besser als Sonderzeichen."
            )
        },
        submit: "Verwalterkonto anlegen",
        name_wrong: "Geben Sie einen Namen mit 1 bis 128 Zeichen ein.",
        email_wrong: "Geben Sie eine E-Mail-Adresse ein, etwa ada@example.com.",
        weak: WeakWords {
            short: |shortest| format!("Nehmen Sie mindestens {shortest} Zeichen."),
            long: "Nehmen Sie höchstens 1.024 Bytes, das sind mehrere hundert Zeichen.",
            control: "Nehmen Sie keine Steuerzeichen wie Tabulatoren oder Zeilenenden.",
            own: "Nehmen Sie nicht Ihren Namen oder Ihre E-Mail-Adresse als Passwort.",
            common: "Dieses Passwort würde man mit als erstes probieren. Ein paar Wörter ohne Zusammenhang sind besser.",
        },
    },
    setup_closed: SetupClosedWords {
        wrong: "Dieser Einrichtungslink gilt nicht",
        wrong_why: "Nur der neueste Link gilt, und nur so, wie er ausgegeben wurde.",
        wrong_advice: Html::of(
            "Kopieren Sie den ganzen Link aus der Ausgabe von <code>writ</code>, bis zum letzten Zeichen. Wenn er verloren ist, starten Sie <code>writ</code> neu: Es gibt dann einen neuen aus.",
        ),
        expired: "Dieser Einrichtungslink ist abgelaufen",
        expired_why: "Ein Link, der die Verwaltung übergibt, gilt nicht lange. Es wurde nichts geändert.",
        expired_advice: Html::of(
            "Starten Sie <code>writ</code> neu: Es gibt einen neuen Link aus. Oder rufen Sie auf demselben Rechner <code>writ setup</code> auf.",
        ),
        done: "Die Einrichtung ist abgeschlossen",
        done_why: "Es gibt bereits ein Verwalterkonto, darum gilt der Link nicht mehr.",
        done_advice: Html::of(
            "Wenn es Ihres ist, melden Sie sich an. Wenn nicht, und niemand von Ihnen es war, halten Sie <code>writ</code> an und sehen Sie in <code>writ audit list</code> nach.",
        ),
    },
    sign_in: SignInWords {
        confirm: "Bestätigen Sie, dass Sie es sind",
        to_application: OfName(|application| html!("um mit {application} fortzufahren")),
        to_continue: "um fortzufahren",
        to_decide: "um zu entscheiden, wer für Sie handelt",
        to_account: "bei Ihrem Konto",
        wrong_confirming: "Dieses Passwort passt nicht. Versuchen Sie es noch einmal.",
        wrong: "E-Mail-Adresse und Passwort passen nicht zusammen. Prüfen Sie beides und versuchen Sie es noch einmal.",
        throttled: OfPlain(|wait| html!("Zu viele Versuche. Warten Sie {wait}, dann geht es wieder.")),
        expired: "Diese Seite war lange offen. Bitte melden Sie sich noch einmal an.",
        go_on: "Weiter",
        use_another: "Andere Adresse nehmen",
        or: "oder",
        wrong_passkey: "Dieser Passkey wurde nicht angenommen. Versuchen Sie es noch einmal, oder nehmen Sie Ihr Passwort.",
        continue_with: OfBare(|provider| html!("Weiter mit {provider}")),
        provider: ProviderWords {
            over: Html::of(
                "Diese Anmeldung begann in einem anderen Browser, dauerte zu lange oder war schon benutzt. Bitte beginnen Sie noch einmal.",
            ),
            denied: OfName(|provider| {
                html!("{provider} hat Sie nicht angemeldet: Es wurde abgebrochen oder ist nicht erlaubt.")
            }),
            away: OfName(|provider| {
                html!(
                    "{provider} antwortet gerade nicht. Versuchen Sie es in einer Minute wieder, oder melden Sie sich anders an."
                )
            }),
            not_good: OfName(|provider| {
                html!(
                    "Was {provider} geantwortet hat, ist nicht, was es sein sollte; deshalb wurde niemand angemeldet. Versuchen Sie es noch einmal. Wenn das nicht hilft, sagen Sie es denen, die diesen Dienst betreuen."
                )
            }),
            unknown: OfName(|provider| {
                html!(
                    "{provider} kennt Sie, aber hier ist kein Konto damit verbunden. Melden Sie sich wie gewohnt an, und verbinden Sie {provider} auf Ihrer Kontoseite unter „Verbundene Anmeldungen“. Ein Konto entsteht dadurch nicht."
                )
            }),
            stopped: Html::of("Ihr Konto hier wurde angehalten. Fragen Sie, wer diesen Dienst betreut."),
            taken: OfName(|provider| {
                html!("Wer Sie bei {provider} sind, ist hier schon mit einem anderen Konto verbunden.")
            }),
            another: OfName(|provider| {
                html!(
                    "Ein anderes Konto bei {provider} ist schon verbunden. Entfernen Sie zuerst jenes, dann verbinden Sie dieses."
                )
            }),
            passkey_wanted: OfName(|provider| {
                html!(
                    "{provider} kennt Sie, aber das genügt hier nicht: Melden Sie sich mit Ihrem Passkey an. Wenn er verloren ist, fragen Sie, wer diesen Dienst betreut."
                )
            }),
        },
        passkey_wanted: "Ihr Passwort stimmt, aber es genügt hier nicht: Melden Sie sich mit Ihrem Passkey an. Wenn er verloren ist, fragen Sie, wer diesen Dienst betreut.",
        cannot_get_in: "Kommen Sie nicht hinein?",
        get_help: "Hilfe holen",
        ask: OfPlain(|house| html!("Fragen Sie, wer {house} betreut.")),
    },
    code: CodeWords {
        heading: "Noch ein Schritt",
        about: "Bis hierher stimmt alles. Geben Sie den Code ein, den Ihre Authenticator-App gerade zeigt.",
        code: "Einmalcode",
        submit: "Einmalcode prüfen",
        wrong: "Dieser Code passt nicht oder wurde schon benutzt. Warten Sie auf den nächsten und nehmen Sie den.",
        lost: "Kommen Sie nicht an die App?",
        recovery: "Wiederherstellungscode",
        recovery_note: "Einer der zehn, die Sie beim Einrichten aufgehoben haben. Jeder gilt einmal.",
        submit_recovery: "Wiederherstellungscode nehmen",
    },
    set_up: SetUpWords {
        heading: "Hier wird noch etwas gebraucht",
        about: "Bis hierher stimmt alles. Damit niemand sonst hineinkommt, der Ihr Passwort erfährt, wird von nun an noch etwas verlangt. Richten Sie es ein, dann sind Sie angemeldet.",
        passkey: "Mit einem Passkey",
        passkey_about: "Ihr Fingerabdruck, Ihr Gesicht oder der Code dieses Geräts. Damit melden Sie sich dann ohne Passwort an.",
        or_codes: "Oder mit Einmalcodes aus einer App",
        submit_codes: "Einmalcodes einrichten und anmelden",
    },
    signed_out: SignedOutWords {
        title: "Abgemeldet",
        heading: "Sie sind abgemeldet",
        about: "Dieser Browser weiß nicht mehr, wer Sie sind. Anwendungen, denen Sie etwas erlaubt haben, behalten ihren Zugriff, bis Sie ihn auf Ihrer Kontoseite entziehen.",
        again: "Wieder anmelden",
    },
    consent: ConsentWords {
        title: OfPlain(|application| html!("Erlaubnis für {application}")),
        heading: OfBare(|application| html!("{application} bittet um Ihre Erlaubnis")),
        verified: OfName(|domain| html!("geprüft: kommt von {domain}")),
        by_administrator: OfPlain(|house| html!("von der Verwaltung von {house} eingetragen")),
        checked: OfPlainAndTime(|house, at| html!("von der Verwaltung von {house} geprüft, {at}")),
        self_registered: "Diese Anwendung hat sich selbst eingetragen, und niemand hat sie geprüft.",
        look_alike: OfPlain(|known| {
            html!(
                "<strong>Das ist nicht das hier bekannte {known}.</strong> Nur der Name sieht so aus. Lehnen Sie ab, wenn Sie nicht genau wissen, von wem diese Anwendung ist."
            )
        }),
        nothing_ticked: "Kreuzen Sie mindestens eines an, das Sie erlauben, oder lehnen Sie ab.",
        answer_goes_to: "Die Antwort geht an",
        this_computer: "diesen Computer",
        this_computer_more: "Ein Programm, das hier läuft, nimmt sie entgegen.",
        an_app: "eine App auf diesem Gerät",
        an_app_more: OfCode(|scheme| html!("Diejenige, die Adressen mit {scheme} öffnet.")),
        your_account: "Ihr Konto",
        use_another: "Ein anderes nehmen",
        to_use: "Es geht um",
        sign_in_only: "nur Ihre Anmeldung",
        sign_in_only_more: "Kein anderer Dienst ist beteiligt.",
        will: "Die Anwendung kann dann",
        will_also: "Die Anwendung kann dann außerdem",
        always: "(gehört immer dazu)",
        risky: "riskant",
        nothing: "Nichts Bestimmtes. Sie erfährt, dass Sie einverstanden sind, und darf sonst nichts.",
        untick: "Entfernen Sie das Kreuz bei allem, was Sie nicht geben möchten.",
        tick: "Kreuzen Sie nur an, was jetzt gebraucht wird.",
        untick_and_tick: "Entfernen Sie das Kreuz bei allem, was Sie nicht geben möchten. Kreuzen Sie Riskantes nur an, wenn es jetzt gebraucht wird.",
        can_already: "Die Anwendung kann bereits",
        how_long: "Für wie lange",
        until_revoked: "bis Sie es zurücknehmen",
        until_revoked_more: "Auf Ihrer Kontoseite, jederzeit.",
        for_about: OfPlain(|time| html!("für etwa {time}")),
        remember: "Merken und für dasselbe nicht noch einmal fragen",
        deny: "Ablehnen",
        allow: "Erlauben",
        technical: "Technische Einzelheiten",
        client_id: "Client-ID",
        scopes: "Berechtigungen",
        redirect_uri: "Rückgabeadresse",
        registered: "Eingetragen",
        administrator: "Durch die Verwaltung",
        dynamic: "Durch sich selbst (Dynamic Registration)",
        document: "Durch ein Client-ID-Dokument",
        use_scope: |scope| format!("{scope} nutzen"),
    },
    return_to: ReturnWords {
        title: "Zurück zur Anwendung",
        allowed: "Erlaubt",
        you_allowed: OfName(|application| html!("Sie haben es {application} erlaubt. Das wird gerade mitgeteilt.")),
        denied: "Abgelehnt",
        you_denied: OfName(|application| {
            html!("Sie haben {application} abgelehnt. Die Anwendung bekommt nichts und erfährt es gerade.")
        }),
        refused: "Das hat nicht geklappt",
        cannot: OfName(|application| {
            html!("{application} kann nicht bekommen, worum gebeten wurde, und erfährt gerade, warum.")
        }),
        if_nothing_happens: "Vielleicht fragt Ihr Browser, ob er die Anwendung öffnen soll. Wenn nichts geschieht, drücken Sie hier:",
        back: OfBare(|application| html!("Zurück zu {application}")),
        close: "Danach können Sie diese Seite schließen.",
    },
    account: AccountWords {
        title: "Ihr Konto",
        applications: "Verbundene Anwendungen",
        nothing_connected: "Es ist nichts verbunden.",
        nothing_connected_more: "Wenn eine Anwendung oder ein Agent um Ihre Erlaubnis bittet und Sie zustimmen, steht hier, was damit erlaubt ist, und Sie können es zurücknehmen.",
        last_used: OfTime(|at| html!("Zuletzt benutzt {at}")),
        never_used: "Nie benutzt",
        allowed: OfTime(|at| html!("Erlaubt {at}")),
        on: OfNameAndCode(|name, identifier| html!("Bei {name} {identifier}")),
        may: "Erlaubt ist",
        may_nothing: "Nichts Bestimmtes ist erlaubt.",
        revoke: "Entziehen",
        revoke_application: OfNameAndPlain(|application, house| {
            html!(
                "{application} verliert den Zugriff: Jedes Token wird jetzt ungültig. Ein Server, der Token prüft, ohne {house} zu fragen, nimmt das letzte vielleicht noch, bis es abläuft. {application} kann Sie wieder fragen."
            )
        }),
        revoke_access: "Zugriff entziehen",
        revoke_all: "Alle entziehen",
        revoke_all_applications: OfPlain(|house| {
            html!(
                "Jede verbundene Anwendung verliert den Zugriff, auch die älteren: Alle ihre Token werden jetzt ungültig. Ein Server, der Token prüft, ohne {house} zu fragen, nimmt die letzten vielleicht noch, bis sie ablaufen. Jede kann Sie wieder fragen."
            )
        }),
        revoke_all_agents: OfPlain(|house| {
            html!(
                "Niemand darf mehr für Sie handeln: Jedes Token in Ihrem Namen ist jetzt ungültig, und auch, was andere damit bekommen haben. Ein Server, der Token prüft, ohne {house} zu fragen, nimmt die letzten vielleicht noch, bis sie ablaufen."
            )
        }),
        older: "Ältere Anwendungen",
        this_computer: "dieser Computer",
        an_app: "eine App auf Ihrem Gerät",
        agents: "Wer für Sie handelt",
        kind_of: |kind, owner| format!("{kind} von {owner}"),
        ends: OfTime(|at| html!("Endet {at}")),
        wherever: "Überall, wo dieser Agent hindarf.",
        in_your_name: "In Ihrem Namen ist erlaubt",
        allowed_by_you: OfTime(|at| html!("Von Ihnen erlaubt, {at}.")),
        allowed_by_administrator: OfTime(|at| html!("Von der Verwaltung erlaubt, {at}.")),
        acts_only: "Gehandelt wird nur auf das hin, was eine Ihrer Anwendungen oder einer Ihrer Agenten schickt.",
        revoke_agent: OfNameAndPlain(|agent, house| {
            html!(
                "{agent} darf nicht mehr für Sie handeln: Jedes Token in Ihrem Namen ist jetzt ungültig, und auch, was andere damit bekommen haben. Ein Server, der Token prüft, ohne {house} zu fragen, nimmt das letzte vielleicht noch, bis es abläuft."
            )
        }),
        sessions: "Wo Sie angemeldet sind",
        this_browser: "Dieser Browser",
        another_browser: "Ein anderer Browser",
        current: "hier",
        signed_in: OfTime(|at| html!("Angemeldet {at}")),
        last_seen: OfTime(|at| html!("zuletzt gesehen {at}")),
        from: |network| format!("aus {network}"),
        end_session: "Sitzung beenden",
        end_others: "Alle anderen Sitzungen beenden",
        device: |browser, system| format!("{browser} ({system})"),
        how: "Wie Sie sich anmelden",
        password_about: "Nur Sie kennen es. Ein neues beendet alle anderen Sitzungen.",
        change_password: "Passwort ändern",
        factor: "Einmalcodes aus einer App",
        factor_on: OfTime(|at| html!("Werden zusätzlich zum Passwort verlangt, seit der Einrichtung {at}.")),
        factor_off: "Mit einem Code zusätzlich zum Passwort genügt es nicht, wenn jemand anderes Ihr Passwort erfährt.",
        factor_pill: "an",
        set_up_factor: "Einmalcodes einrichten",
        look_at_factor: "Wiederherstellungscodes und Abschalten",
        passkeys: "Passkeys (Anmelden ohne Passwort)",
        passkeys_about: "Melden Sie sich mit Fingerabdruck, Gesicht oder dem Code Ihres Geräts an, ganz ohne Passwort.",
        passkeys_have: |count| match count {
            1 => "1 eingerichtet".to_owned(),
            count => format!("{count} eingerichtet"),
        },
        look_at_passkeys: "Passkeys ansehen und einrichten",
        activity_about: "Wer sich bei Ihrem Konto angemeldet hat, von wo, und was in Ihrem Namen erlaubt wurde.",
        see_activity: "Aktivität ansehen",
        others_ended: |count| match count {
            0 => "Es gab keine andere Sitzung.".to_owned(),
            1 => "Die andere Sitzung ist beendet.".to_owned(),
            count => format!("{count} andere Sitzungen sind beendet."),
        },
        password_changed: "Ihr Passwort ist geändert, und alle anderen Sitzungen sind beendet.",
        factor_removed: "Abgeschaltet. Von nun an genügt Ihr Passwort.",
        factor_removed_demanded: "Abgeschaltet. Aber Ihr Passwort genügt hier nicht: Bei der nächsten Anmeldung nehmen Sie einen Passkey oder richten wieder etwas ein.",
        end_others_too: "Falls sich noch jemand in Ihrem Konto angemeldet hat, beenden Sie unten die anderen Sitzungen.",
        administration: "Verwaltung",
        administration_about: OfLink(|link| {
            html!(
                "Sie verwalten dieses System: Maschinen, Anwendungen, Menschen und Schlüssel. Das geht in der Konsole, über {} oder mit <code>writ</code> auf der Kommandozeile.",
                link.over("die Schnittstelle")
            )
        }),
        open_console: "Konsole öffnen",
        was_allowed: "Erlaubt. Von nun an darf für Sie gehandelt werden, bis die Zeit um ist oder Sie es zurücknehmen.",
        was_not_allowed: "Nicht erlaubt. Es wurde nichts geändert.",
        agent_revoked: "Zurückgenommen. Dieser Agent darf nicht mehr für Sie handeln.",
        access_revoked: "Zugriff entzogen. Die Anwendung bekommt nichts mehr in Ihrem Namen.",
        revoked_before: "Dieser Zugriff war schon entzogen.",
        all_revoked: "Entzogen. Keine Anwendung bekommt noch etwas in Ihrem Namen.",
        all_agents_revoked: "Entzogen. Kein Agent darf mehr für Sie handeln.",
        session_ended: "Diese Sitzung ist beendet.",
        session_over: "Diese Sitzung war schon beendet.",
    },
    own_password: OwnPasswordWords {
        heading: "Ihr Passwort ändern",
        about: "Alle anderen Sitzungen enden. Anwendungen, denen Sie etwas erlaubt haben, behalten ihren Zugriff.",
        current: "Bisheriges Passwort",
        new: "Neues Passwort",
        wrong: "Das ist nicht Ihr bisheriges Passwort.",
        throttled: OfPlain(|wait| html!("Zu viele Versuche. Warten Sie {wait}, dann geht es wieder.")),
        over: "Diese Seite war zu lange offen, oder etwas anderes kam zuvor. Versuchen Sie es noch einmal.",
        submit: "Passwort ändern",
        back: "Zurück zu Ihrem Konto",
    },
    own_providers: OwnProvidersWords {
        heading: "Verbundene Anmeldungen",
        about: "Eine andere Stelle, bei der Sie ein Konto haben, kann hier sagen, dass Sie es sind. Damit melden Sie sich ohne Ihr Passwort an.",
        none: "Noch ist nichts verbunden.",
        look: "Verbundene Anmeldungen ansehen",
        short: "Ein anderes Konto von Ihnen, das Sie hier anmeldet.",
        linked_at: OfTime(|at| html!("verbunden {at}")),
        known_there_as: OfCode(|subject| html!("Dort sind Sie {subject}")),
        remove: "Entfernen",
        remove_about: OfName(|provider| {
            html!(
                "{provider} meldet Sie hier dann nicht mehr an. Wenn {provider} hier für Ihre E-Mail-Adresse sprechen darf, verbindet die nächste Anmeldung damit es wieder."
            )
        }),
        submit_remove: "Verbindung entfernen",
        add: "Eine weitere verbinden",
        add_about: "Sie melden sich dort an und kommen hierher zurück.",
        connect: OfBare(|provider| html!("{provider} verbinden")),
        was_linked: "Verbunden. Von nun an können Sie sich damit anmelden.",
        was_removed: "Entfernt. Damit melden Sie sich nicht mehr an.",
        leaving: OfBare(|provider| html!("Weiter zu {provider}")),
        leaving_about: OfName(|provider| {
            html!("Melden Sie sich bei {provider} an. Von dort kommen Sie hierher zurück.")
        }),
        go_on: OfBare(|provider| html!("Weiter zu {provider}")),
    },
    factor: FactorWords {
        heading: "Einmalcodes aus einer App",
        about: "Eine Authenticator-App auf Ihrem Telefon zeigt einen Code, der alle 30 Sekunden wechselt. Danach werden Sie nach dem Passwort auch nach ihm gefragt.",
        scan: "Lesen Sie dieses Bild mit der App",
        picture: "Ein Bild, das eine Authenticator-App liest",
        type_it: "Oder tippen Sie das hier ein",
        code: "Code, den die App gerade zeigt",
        code_note: "Daran zeigt sich, dass die App so weit ist.",
        wrong_code: "Dieser Code passt nicht. Prüfen Sie, ob die Uhr Ihres Telefons stimmt, und nehmen Sie den nächsten.",
        submit: "Einmalcodes einschalten",
        since: OfTime(|at| html!("Nach dem Passwort werden Sie nach einem Code gefragt. Eingerichtet {at}.")),
        codes_left: |left| match left {
            0 => "Sie haben keine Wiederherstellungscodes mehr. Machen Sie neue.".to_owned(),
            1 => "Sie haben noch 1 Wiederherstellungscode.".to_owned(),
            left => format!("Sie haben noch {left} Wiederherstellungscodes."),
        },
        renew: "Neue Wiederherstellungscodes",
        renew_about: "Sie bekommen zehn neue. Die alten sind dann nichts mehr wert.",
        submit_renew: "Neue Wiederherstellungscodes machen",
        turn_off: "Abschalten",
        turn_off_about: "Dann genügt Ihr Passwort allein, und die Wiederherstellungscodes sind nichts mehr wert.",
        turn_off_demanded: "Die Wiederherstellungscodes sind dann nichts mehr wert. Aber Ihr Passwort genügt hier nicht: Bei der nächsten Anmeldung nehmen Sie einen Passkey oder richten wieder etwas ein.",
        submit_off: "Einmalcodes abschalten",
        codes: "Ihre Wiederherstellungscodes",
        codes_about: "Mit jedem können Sie sich einmal anmelden, wenn Ihr Telefon weg ist. Sie werden nur jetzt gezeigt: Drucken Sie sie aus oder heben Sie sie bei Ihren Passwörtern auf.",
        kept: "Ich habe sie aufgehoben",
    },
    passkeys: PasskeysWords {
        heading: "Ihre Passkeys",
        about: "Ein Passkey meldet Sie mit Fingerabdruck, Gesicht oder dem Code Ihres Geräts an. Er gilt nur auf dieser Seite, also kann ihn Ihnen keine wegnehmen, die bloß so aussieht.",
        none: "Sie haben noch keinen Passkey.",
        used: OfTime(|at| html!("Zuletzt benutzt {at}")),
        never_used: "Noch nie benutzt",
        added: OfTime(|at| html!("eingerichtet {at}")),
        in_many_places: "auf allen Ihren Geräten",
        in_one_place: "nur auf einem Gerät",
        remove: "Entfernen",
        remove_about: OfName(|passkey| {
            html!(
                "Mit {passkey} meldet Sie hier dann niemand mehr an. Löschen Sie ihn auch auf Ihrem Gerät, sonst wird er weiter angeboten. Wer sich damit angemeldet hat, bleibt es: Beenden Sie solche Sitzungen in Ihrem Konto."
            )
        }),
        submit_remove: "Passkey entfernen",
        add: "Einen Passkey einrichten",
        add_about: "Geben Sie zuerst Ihr Passwort ein. Danach fragt Ihr Browser, wo der Passkey liegen soll.",
        go_on: "Weiter",
        name: "Wie er heißen soll",
        name_note: "Damit Sie ihn wiedererkennen, zum Beispiel „Laptop bei der Arbeit“.",
        wrong_name: "Geben Sie ihm einen Namen von 1 bis 128 Zeichen.",
        submit: "Passkey einrichten",
        without: "Dieser Browser hat keine Passkeys, oder JavaScript ist aus, also lässt sich hier keiner einrichten.",
        nameless: "Passkeys gehören zu einem Namen, und dieser Dienst hat unter seiner Adresse keinen. Wer ihn betreut, kann ihm einen Namen und https geben.",
        full: "Mehr Passkeys kann eine Person nicht haben. Entfernen Sie einen, um einen anderen einzurichten.",
        not_taken: "Dieser Passkey wurde nicht angenommen: Er ist für eine andere Seite gemacht oder schon hier. Versuchen Sie es noch einmal.",
        cancelled: "Es ist nichts geschehen: Es wurde abgebrochen oder dauerte zu lange. Versuchen Sie es noch einmal.",
        known: "Dieses Gerät hat hier schon einen Passkey für Sie.",
        was_added: "Eingerichtet. Von nun an können Sie sich damit anmelden.",
        was_removed: "Entfernt. Damit meldet sich niemand mehr an. Falls noch jemand damit angemeldet ist, beenden Sie in Ihrem Konto die anderen Sitzungen.",
        sign_in: "Mit einem Passkey anmelden",
    },
    activity: ActivityWords {
        heading: "Aktivität Ihres Kontos",
        about: "Das Neueste steht oben. Wenn etwas davon nicht von Ihnen ist, ändern Sie Ihr Passwort und beenden Sie alle anderen Sitzungen.",
        nothing: "Aus dieser Zeit ist nichts bekannt.",
        older: "Älteres",
        newest: "Neuestes",
        by_administrator: "durch die Verwaltung",
        signed_in: "Angemeldet",
        half_done: "Das Passwort stimmte, und nach einem Code wurde gefragt",
        refused: "Eine Anmeldung wurde abgewiesen",
        signed_out: "Abgemeldet",
        sessions_ended: "Sitzungen wurden beendet",
        password: "Das Passwort wurde geändert",
        factor_added: "Einmalcodes aus einer App wurden eingeschaltet",
        factor_removed: "Einmalcodes aus einer App wurden abgeschaltet",
        recovery_used: |left| match left {
            1 => "Ein Wiederherstellungscode wurde benutzt; 1 ist übrig".to_owned(),
            left => format!("Ein Wiederherstellungscode wurde benutzt; {left} sind übrig"),
        },
        recovery_renewed: "Neue Wiederherstellungscodes wurden gemacht",
        passkey_added: OfName(|name| html!("Passkey {name} wurde eingerichtet")),
        passkey_removed: OfName(|name| html!("Passkey {name} wurde entfernt")),
        passkey_counter: "Ein Passkey wurde abgewiesen: Vielleicht gibt es eine Kopie davon",
        vouched: OfName(|provider| html!("{provider} hat gesagt, dass Sie es sind")),
        linked: OfName(|provider| html!("Mit {provider} verbunden, womit man Sie von da an anmelden kann")),
        unlinked: OfName(|provider| html!("Die Verbindung mit {provider} wurde entfernt")),
        signed_in_to: OfName(|application| html!("Bei {application} angemeldet")),
        consent_given: OfName(|application| html!("{application} wurde etwas erlaubt")),
        consent_denied: OfName(|application| html!("{application} wurde abgelehnt")),
        consent_revoked: OfName(|application| html!("{application} wurde der Zugriff entzogen")),
        delegation_granted: OfName(|agent| html!("{agent} darf für Sie handeln")),
        delegation_revoked: OfName(|agent| html!("{agent} darf nicht mehr für Sie handeln")),
        acted: OfNameAndCode(|agent, place| html!("{agent} hat bei {place} für Sie gehandelt")),
        created: "Das Konto wurde angelegt",
        suspended: "Das Konto wurde gesperrt",
        resumed: "Das Konto darf wieder benutzt werden",
        made_administrator: "Sie gehören jetzt zur Verwaltung",
        made_member: "Sie gehören nicht mehr zur Verwaltung",
        roles: "Ihre Rollen wurden geändert",
    },
    delegation: DelegationWords {
        title: OfPlain(|agent| html!("{agent} für Sie handeln lassen")),
        heading: OfBare(|agent| html!("{agent} für Sie handeln lassen?")),
        answers_for: OfOwner(|name, email, kind, house| html!("{name} ({email}) steht bei {house} für {kind} ein")),
        purpose: "Wozu",
        purpose_more: "Mit den Worten dessen, der dafür einsteht.",
        in_whose_name: "In wessen Namen",
        where_: "Wo",
        choose: "Wo darf für Sie gehandelt werden?",
        already: "Hier wird schon für Sie gehandelt",
        already_until: OfTime(|at| html!("Bis {at}. Um etwas anderes zu erlauben, nehmen Sie zuerst das zurück.")),
        see_agents: "Ansehen, wer für Sie handelt",
        nothing: "Es gibt nichts zu erlauben",
        nothing_more: "Kein Server, der dafür infrage kommt, lässt hier etwas zu. Das muss zuerst ändern, wer dafür einsteht.",
        risk_note: "Was als riskant markiert ist, kreuzen Sie nur an, wenn Sie es wollen.",
        allow_for: "Wofür Sie es erlauben",
        allow_for_note: "Für Ihre Kontoseite und für das Protokoll.",
        lasts_note: "Auf Ihrer Kontoseite können Sie es jederzeit zurücknehmen.",
        acts_only: OfBare(|agent| {
            html!(
                "Gehandelt wird nur auf das hin, was eine Ihrer Anwendungen oder einer Ihrer Agenten schickt, und überall steht dabei, dass es {agent} war, in Ihrem Namen."
            )
        }),
        nothing_ticked: "Kreuzen Sie mindestens eines an, das erlaubt sein soll, oder lehnen Sie ab.",
        purpose_wrong: "Sagen Sie in einer Zeile, wofür Sie es erlauben.",
        cannot: "So kann das nicht erlaubt werden. Fragen Sie, wer Sie hierher geschickt hat.",
        taken: "Hier wird schon für Sie gehandelt, oder es darf nicht mehr gehandelt werden. Sehen Sie auf Ihrer Kontoseite nach.",
        nobody: Told {
            title: "Über diesen Link kann niemand für Sie handeln",
            why: "Hier gibt es keine Maschine mit dieser Kennung, die dort handelt, oder sie wurde angehalten, oder niemand steht für sie ein.",
            advice: "Bitten Sie um einen neuen Link, wo Sie diesen bekommen haben.",
        },
    },
    kinds: KindsWords {
        agent: KindWords { name: "Agent", this: "diesen Agenten" },
        service: KindWords { name: "Dienst", this: "diesen Dienst" },
        ci: KindWords { name: "CI-Lauf", this: "diesen CI-Lauf" },
        device: KindWords { name: "Gerät", this: "dieses Gerät" },
    },
    error: ErrorWords {
        title: "Fehler",
        unknown_client: Told {
            title: "Diese Anwendung ist hier nicht bekannt",
            why: "Sie wurde entfernt oder ist bei einem anderen Server eingetragen. Es wurde ihr nichts geschickt.",
            advice: "Entfernen Sie in der Anwendung die Verbindung und fügen Sie sie neu hinzu. Dann trägt sie sich neu ein.",
        },
        redirect_title: "Die Antwort ginge an eine unbekannte Adresse",
        redirect_why: OfNameAndCode(|application, address| {
            html!(
                "{application} will die Antwort an {address} haben. Diese Adresse ist dafür nicht eingetragen, darum wurde nichts geschickt."
            )
        }),
        redirect_advice: "Wenn Sie die Anwendung betreiben, tragen Sie diese Adresse ein, oder entfernen Sie die Verbindung und fügen Sie sie neu hinzu. Wenn Sie das nicht selbst begonnen haben, schließen Sie diese Seite.",
        resource_title: "Dieser Server ist hier nicht eingetragen",
        resource_why: OfCodeAndPlain(|asked, house| {
            html!("Die Anwendung bittet um eine Erlaubnis für {asked}, und das kennt {house} nicht.")
        }),
        resource_known: "Hier eingetragen",
        resource_advice: Html::of(
            "Prüfen Sie die Adresse in der Anwendung: Sie muss Zeichen für Zeichen dieselbe sein. Die Verwaltung kann mit <code>writ resource add</code> eine neue eintragen.",
        ),
        flow_expired: Told {
            title: "Diese Anfrage ist vorbei",
            why: "Sie hat zu lange gedauert, ist schon beantwortet oder begann in einem anderen Browser. Es wurde nichts weiter erlaubt.",
            advice: "Gehen Sie zur Anwendung zurück und beginnen Sie neu.",
        },
        approval_title: "Noch nicht freigegeben",
        approval_why: OfName(|application| {
            html!(
                "{application} ist eingetragen. Die Verwaltung muss die Anwendung freigeben, bevor jemand sie benutzen kann."
            )
        }),
        approval_advice: OfPlain(|house| {
            html!("Fragen Sie, wer {house} betreut, und beginnen Sie danach in der Anwendung neu.")
        }),
        rejected_title: "Diese Anwendung darf hier nicht benutzt werden",
        rejected_why: OfNameAndPlain(|application, house| {
            html!(
                "Die Verwaltung von {house} hat sich gegen {application} entschieden. Es wurde nichts dorthin geschickt."
            )
        }),
        rejected_advice: OfPlain(|house| html!("Wenn Sie sie trotzdem brauchen, fragen Sie, wer {house} betreut.")),
        form: Told {
            title: "Dieses Formular ist veraltet",
            why: "Die Seite war lange offen, oder sie wurde nicht von hier abgeschickt. Es wurde nichts geändert.",
            advice: "Gehen Sie zurück, laden Sie die Seite neu und versuchen Sie es noch einmal.",
        },
        forbidden_title: "Das dürfen Sie nicht öffnen",
        forbidden_why: "Sie sind angemeldet, und diese Seite ist für jemand anderen.",
        forbidden_advice: OfPlain(|house| html!("Wenn Sie sie brauchen, fragen Sie, wer {house} betreut.")),
        not_found_title: "Hier ist nichts",
        not_found_why: "Vielleicht ist die Adresse falsch geschrieben, oder es gibt nicht mehr, wohin sie führte.",
        method_title: "Diese Adresse geht anders",
        method_why: "Sie ist das Ziel eines Formulars oder für Programme gedacht. Als Seite lässt sie sich nicht öffnen.",
        too_many_title: "Zu viele Anfragen",
        too_many_why: "Von Ihrer Adresse kamen in kurzer Zeit viele Anfragen.",
        try_in: OfPlain(|wait| html!("Warten Sie {wait}, dann geht es wieder.")),
        try_later: "Versuchen Sie es in einer Weile noch einmal.",
        fault_title: "Bei uns ist etwas kaputt",
        fault_why: "Es liegt nicht an Ihnen. Was Sie wollten, ist vielleicht nicht geschehen.",
        fault_advice: OfPlain(|house| {
            html!(
                "Versuchen Sie es noch einmal. Wenn es wieder geschieht, geben Sie den Code unten weiter, an wen auch immer {house} betreut."
            )
        }),
        start_page: "Zur Startseite",
        status: OfPlain(|status| html!("Statuscode {status}")),
        story: OfLink(|link| {
            html!("Wenn Sie dieses System verwalten: {}.", link.over("sehen Sie die Geschichte dieses Fehlers an"))
        }),
        too_slow: Told {
            title: "Das hat zu lange gedauert",
            why: "Was Ihr Browser geschickt hat, kam nicht rechtzeitig an.",
            advice: "Gehen Sie zurück und versuchen Sie es noch einmal. Bei schlechter Verbindung hilft eine bessere.",
        },
        too_long: Told {
            title: "Diese Anfrage ist zu lang",
            why: "Es steht mehr darin, als irgendeine Anwendung schicken muss.",
            advice: CONNECT_AGAIN,
        },
        client_missing: Told {
            title: "Die Anwendung hat nicht gesagt, wer sie ist",
            why: "Der Parameter client_id fehlt.",
            advice: CONNECT_AGAIN,
        },
        client_gone_title: "Diese Eintragung gibt es nicht mehr",
        client_gone_why: |name| {
            format!("„{name}“ hat sich hier einmal selbst eingetragen, wurde lange nicht benutzt und dann entfernt.")
        },
        client_document: Told {
            title: "Diese Anwendung lässt sich nicht erkennen",
            why: "Unter ihrer Adresse sollte stehen, wer sie ist, und da steht es nicht.",
            advice: CONNECT_AGAIN,
        },
        client_suspended: Told {
            title: "Diese Anwendung ist gesperrt",
            why: "Die Verwaltung hat sie angehalten.",
            advice: CONNECT_AGAIN,
        },
        redirect_missing: Told {
            title: "Die Anwendung hat nicht gesagt, wohin die Antwort soll",
            why: "Der Parameter redirect_uri fehlt.",
            advice: CONNECT_AGAIN,
        },
        redirect_invalid: Told {
            title: "An diese Adresse darf keine Antwort gehen",
            why: "Es wurde nichts dorthin geschickt.",
            advice: CONNECT_AGAIN,
        },
        unreadable: Told {
            title: "Diese Anfrage ist nicht lesbar",
            why: "Die Anwendung muss sie anders schicken.",
            advice: CONNECT_AGAIN,
        },
        connect_again: CONNECT_AGAIN,
    },
    console: console::CONSOLE,
};

const CONNECT_AGAIN: &str = "Entfernen Sie in der Anwendung die Verbindung und fügen Sie sie neu hinzu. Wenn das nicht hilft, sagen Sie es denen, die sie herstellen.";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Nominative,
    Dative,
}

/// Unicode CLDR, Pluralregeln des Deutschen: eine Form für 1, eine für alles andere. Der Dativ („vor 3 Tagen“) fällt nur bei den
/// Tagen auf.
fn length(Span { count, unit }: Span, case: Case) -> String {
    let (one, many) = match (unit, case) {
        (Unit::Second, _) => ("Sekunde", "Sekunden"),
        (Unit::Minute, _) => ("Minute", "Minuten"),
        (Unit::Hour, _) => ("Stunde", "Stunden"),
        (Unit::Day, Case::Nominative) => ("Tag", "Tage"),
        (Unit::Day, Case::Dative) => ("Tag", "Tagen"),
    };
    format!("{count} {}", if count == 1 { one } else { many })
}
