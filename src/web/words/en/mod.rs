//! English.

mod console;

use super::list::*;
use super::marks::*;
use crate::model::Language;

pub(super) static WORDS: Words = Words {
    language: Language::En,
    time: TimeWords {
        just_now: "just now",
        length,
        ago: |span| format!("{} ago", length(span)),
        ahead: |span| format!("in {}", length(span)),
        a_year: "a year",
        months: [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
        exact: |day, month, year, clock| format!("{day} {month} {year}, {clock} UTC"),
    },
    frame: FrameWords {
        console: "Console",
        demo: "Demo",
        demo_about: Html::of("<strong>Demo.</strong> The people and applications here are invented."),
        help: "Help",
        dark_page: "Dark page",
        light_page: "Light page",
        sign_in: "Sign in",
        sign_out: "Sign out",
        to_account: "Go to your account",
        what_to_do: "What to do",
        copy: "Copy",
        copied: "Copied",
        show: "Show",
        hide: "Hide",
        email: "Email",
        password: "Password",
    },
    home: HomeWords {
        title: "Welcome",
        almost_ready: "Almost ready",
        nobody_yet: OfPlain(|house| html!("{house} is running, and nobody is its administrator yet.")),
        open_link: OfPlain(|house| {
            html!(
                "Open the <strong>setup link</strong> that was printed when {house} started. It works once, and only for whoever can read that output."
            )
        }),
        also_by_command: Html::of("On the same machine you can also run <code>writ setup</code>."),
        hello: OfBare(|name| html!("Hello, {name}")),
        slogan: "Sign-in and permission, in one place",
        about: OfPlain(|house| {
            html!(
                "{house} signs people in to applications and agents, and asks you before one of them may do anything in your name. What you allowed, you can take back here."
            )
        }),
        connecting: "Connecting an application?",
        one_address: "It needs one address. It finds the rest by itself.",
        server_metadata: "Server metadata",
        openid_configuration: "OpenID configuration",
    },
    setup: SetupWords {
        title: "Set up",
        heading: "Make yourself the administrator",
        lead: OfPlain(|house| html!("This is the first account. It signs in here, and looks after {house}.")),
        name: "Name",
        password_help: |shortest| {
            format!("At least {shortest} characters. A few words you will remember are better than symbols.")
        },
        submit: "Create administrator",
        name_wrong: "Enter a name of 1 to 128 characters.",
        email_wrong: "Enter an e-mail address, such as ada@example.com.",
        weak: WeakWords {
            short: |shortest| format!("Use at least {shortest} characters."),
            long: "Use at most 1,024 bytes, which is several hundred characters.",
            control: "Use no control characters, such as tabs or line ends.",
            own: "Do not use your name or e-mail address as the password.",
            common: "This password is among the first that anybody would try. A few unrelated words are better.",
        },
    },
    setup_closed: SetupClosedWords {
        wrong: "This setup link does not work",
        wrong_why: "Only the newest link works, and only as it was printed.",
        wrong_advice: Html::of(
            "Copy the whole link from the output of <code>writ</code>, up to its last character. If you have lost it, restart <code>writ</code>: it prints a new one.",
        ),
        expired: "This setup link has expired",
        expired_why: "A link that makes an administrator does not stay valid for long. Nothing was changed.",
        expired_advice: Html::of(
            "Restart <code>writ</code>: it prints a new link. Or run <code>writ setup</code> on the same machine.",
        ),
        done: "Setup is done",
        done_why: "There is an administrator already, so the link no longer works.",
        done_advice: Html::of(
            "If that is you, sign in. If it is not, and nobody you know did this, stop <code>writ</code> and look at <code>writ audit list</code>.",
        ),
    },
    sign_in: SignInWords {
        confirm: "Confirm it’s you",
        to_application: OfName(|application| html!("to continue to {application}")),
        to_continue: "to continue",
        to_decide: "to decide who acts for you",
        to_account: "to your account",
        wrong_confirming: "That password does not match. Try again.",
        wrong: "Email and password do not match. Check both and try again.",
        throttled: OfPlain(|wait| html!("Too many attempts. Try again in {wait}.")),
        expired: "This page was open for a while, so please sign in once more.",
        go_on: "Continue",
        use_another: "Use another address",
        or: "or",
        wrong_passkey: "That passkey was not accepted. Try once more, or use your password.",
        continue_with: OfBare(|provider| html!("Continue with {provider}")),
        provider: ProviderWords {
            over: Html::of(
                "That sign-in was begun in another browser, took too long or was used before. Please begin once more.",
            ),
            denied: OfName(|provider| html!("{provider} did not sign you in: it was cancelled, or is not allowed.")),
            away: OfName(|provider| {
                html!("{provider} does not answer at the moment. Try again in a minute, or sign in another way.")
            }),
            not_good: OfName(|provider| {
                html!(
                    "What {provider} answered is not what it should be, so nobody was signed in. Try once more; if that does not help, tell whoever looks after this place."
                )
            }),
            unknown: OfName(|provider| {
                html!(
                    "{provider} knows you, and no account here is linked to that. Sign in as you usually do, and link {provider} on your account page under “Connected sign-ins”. No account is made by this."
                )
            }),
            stopped: Html::of("Your account here was stopped. Ask whoever looks after this place."),
            taken: OfName(|provider| html!("Who you are at {provider} is linked to another account here already.")),
            another: OfName(|provider| {
                html!(
                    "Another account at {provider} is connected already. Remove that one first, then connect this one."
                )
            }),
            passkey_wanted: OfName(|provider| {
                html!(
                    "{provider} knows you, and here that is not enough: sign in with your passkey. If you have lost it, ask whoever looks after this place."
                )
            }),
        },
        passkey_wanted: "Your password is right, and here it is not enough: sign in with your passkey. If you have lost it, ask whoever looks after this place.",
        cannot_get_in: "Cannot get in?",
        get_help: "Get help",
        ask: OfPlain(|house| html!("Ask whoever looks after {house}.")),
    },
    code: CodeWords {
        heading: "One more step",
        about: "So far, all is right. Enter the code that your authenticator app shows now.",
        code: "Code",
        submit: "Check the code",
        wrong: "That code does not fit, or was used already. Wait for the next one and try that.",
        lost: "No access to the app?",
        recovery: "Recovery code",
        recovery_note: "One of the ten that you kept when you set this up. Each works once.",
        submit_recovery: "Use the recovery code",
    },
    set_up: SetUpWords {
        heading: "One more thing is needed here",
        about: "So far, all is right. So that nobody else gets in who learns your password, one more thing is asked for from now on. Set it up, and you are signed in.",
        passkey: "With a passkey",
        passkey_about: "Your fingerprint, your face or the code of this device. It then signs you in without a password.",
        or_codes: "Or with codes from an app",
        submit_codes: "Set up codes and sign in",
    },
    signed_out: SignedOutWords {
        title: "Signed out",
        heading: "You are signed out",
        about: "This browser no longer knows who you are. Applications you allowed keep their access until you revoke it on your account page.",
        again: "Sign in again",
    },
    consent: ConsentWords {
        title: OfPlain(|application| html!("Permission for {application}")),
        heading: OfBare(|application| html!("{application} asks for your permission")),
        verified: OfName(|domain| html!("verified: comes from {domain}")),
        by_administrator: OfPlain(|house| html!("added by an administrator of {house}")),
        checked: OfPlainAndTime(|house, at| html!("checked by an administrator of {house} {at}")),
        self_registered: "This application registered itself and nobody has checked it.",
        look_alike: OfPlain(|known| {
            html!(
                "<strong>This is not the {known} that is known here.</strong> Its name only looks like it. Deny, unless you know exactly who made this one."
            )
        }),
        nothing_ticked: "Tick at least one thing to allow, or deny.",
        answer_goes_to: "Answer goes to",
        this_computer: "this computer",
        this_computer_more: "A program that is running here receives it.",
        an_app: "an app on this device",
        an_app_more: OfCode(|scheme| html!("Whichever opens {scheme} addresses.")),
        your_account: "Your account",
        use_another: "Use another",
        to_use: "To use",
        sign_in_only: "your sign-in only",
        sign_in_only_more: "No other service is part of this.",
        will: "It will be able to",
        will_also: "It will also be able to",
        always: "(always part of this)",
        risky: "risky",
        nothing: "Nothing in particular. It learns that you agreed, and gets no permission.",
        untick: "Untick what you do not want to give.",
        tick: "Tick only what it needs from you now.",
        untick_and_tick: "Untick what you do not want to give. Tick something risky only if it is needed now.",
        can_already: "It can already",
        how_long: "For how long",
        until_revoked: "until you revoke it",
        until_revoked_more: "On your account page, at any time.",
        for_about: OfPlain(|time| html!("for about {time}")),
        remember: "Remember this, and do not ask again for the same",
        deny: "Deny",
        allow: "Allow",
        technical: "Technical details",
        client_id: "Client id",
        scopes: "Scopes",
        redirect_uri: "Redirect URI",
        registered: "Registered",
        administrator: "By an administrator",
        dynamic: "Dynamic registration",
        document: "Client-id document",
        use_scope: |scope| format!("Use {scope}"),
    },
    return_to: ReturnWords {
        title: "Return to the application",
        allowed: "Allowed",
        you_allowed: OfName(|application| html!("You allowed {application}, and it is being told so.")),
        denied: "Denied",
        you_denied: OfName(|application| html!("You denied {application}. It gets nothing, and it is being told so.")),
        refused: "This did not work",
        cannot: OfName(|application| html!("{application} cannot get what it asked for, and it is being told why.")),
        if_nothing_happens: "Your browser may ask whether to open it. If nothing happens, press this:",
        back: OfBare(|application| html!("Return to {application}")),
        close: "After that you can close this page.",
    },
    account: AccountWords {
        title: "Your account",
        applications: "Connected applications",
        nothing_connected: "Nothing is connected.",
        nothing_connected_more: "When an application or agent asks for your permission and you allow it, it appears here with what it may do, and you can take the permission back.",
        last_used: OfTime(|at| html!("Last used {at}")),
        never_used: "Never used",
        allowed: OfTime(|at| html!("Allowed {at}")),
        on: OfNameAndCode(|name, identifier| html!("On {name} {identifier}")),
        may: "It may",
        may_nothing: "It may do nothing in particular.",
        revoke: "Revoke",
        revoke_application: OfNameAndPlain(|application, house| {
            html!(
                "{application} loses its access: every token it holds is revoked now. A server that checks tokens without asking {house} may take the last one until it runs out. {application} can ask you again."
            )
        }),
        revoke_access: "Revoke access",
        revoke_all: "Revoke all",
        revoke_all_applications: OfPlain(|house| {
            html!(
                "Every application that you connected loses its access, older ones as well: every token they hold is revoked now. A server that checks tokens without asking {house} may take the last ones until they run out. Each can ask you again."
            )
        }),
        revoke_all_agents: OfPlain(|house| {
            html!(
                "Nothing may act for you any more: every token in your name is over now, and so is what others got through it. A server that checks tokens without asking {house} may take the last ones until they run out."
            )
        }),
        older: "Older applications",
        this_computer: "this computer",
        an_app: "an app on your device",
        agents: "Who acts for you",
        kind_of: |kind, owner| format!("{kind} of {owner}"),
        ends: OfTime(|at| html!("Ends {at}")),
        wherever: "Wherever this agent may go.",
        in_your_name: "In your name it may",
        allowed_by_you: OfTime(|at| html!("Allowed by you, {at}.")),
        allowed_by_administrator: OfTime(|at| html!("Allowed by an administrator, {at}.")),
        acts_only: "It acts only on what an application or agent of yours sends it.",
        revoke_agent: OfNameAndPlain(|agent, house| {
            html!(
                "{agent} may act for you no more: every token it got in your name is over now, and so is what others got through it. A server that checks tokens without asking {house} may take the last one until it runs out."
            )
        }),
        sessions: "Where you are signed in",
        this_browser: "This browser",
        another_browser: "Another browser",
        current: "current",
        signed_in: OfTime(|at| html!("Signed in {at}")),
        last_seen: OfTime(|at| html!("last seen {at}")),
        from: |network| format!("from {network}"),
        end_session: "End session",
        end_others: "End all other sessions",
        device: |browser, system| format!("{browser} on {system}"),
        how: "How you sign in",
        password_about: "Only you know it. A new one ends every other session.",
        change_password: "Change password",
        factor: "Codes from an app",
        factor_on: OfTime(|at| html!("Asked for besides your password, since {at}.")),
        factor_off: "With a code besides your password, a password that somebody else has learned is not enough.",
        factor_pill: "on",
        set_up_factor: "Set up codes",
        look_at_factor: "Recovery codes, and turning it off",
        passkeys: "Passkeys",
        passkeys_about: "Sign in with your fingerprint, your face or the code of your device, and without a password.",
        passkeys_have: |count| match count {
            1 => "1 passkey".to_owned(),
            count => format!("{count} passkeys"),
        },
        look_at_passkeys: "Passkeys and adding one",
        activity_about: "Who signed in to your account, from where, and what was allowed in your name.",
        see_activity: "See activity",
        others_ended: |count| match count {
            0 => "There was no other session.".to_owned(),
            1 => "The other session is over.".to_owned(),
            count => format!("{count} other sessions are over."),
        },
        password_changed: "Your password is changed, and every other session is over.",
        factor_removed: "Turned off. From now on your password is enough.",
        factor_removed_demanded: "Turned off. But your password is not enough here: at your next sign-in you use a passkey, or set something up again.",
        end_others_too: "If somebody else may be signed in to your account, end the other sessions below.",
        administration: "Administration",
        administration_about: OfLink(|link| {
            html!(
                "You look after this appliance: its machines, applications, people and keys. You do so in the console, by {}, or with <code>writ</code> on the command line.",
                link.over("its API")
            )
        }),
        open_console: "Open the console",
        was_allowed: "Allowed. It may act for you from now on, until its time is over or you revoke it.",
        was_not_allowed: "Not allowed. Nothing was changed.",
        agent_revoked: "Revoked. That agent may no longer act for you.",
        access_revoked: "Access revoked. The application gets nothing more in your name.",
        revoked_before: "That access was already revoked.",
        all_revoked: "Revoked. No application gets anything more in your name.",
        all_agents_revoked: "Revoked. No agent may act for you any more.",
        session_ended: "That session is over.",
        session_over: "That session was over already.",
    },
    own_password: OwnPasswordWords {
        heading: "Change your password",
        about: "Every other session ends. Applications you allowed keep their access.",
        current: "Current password",
        new: "New password",
        wrong: "That is not your current password.",
        throttled: OfPlain(|wait| html!("Too many attempts. Try again in {wait}.")),
        over: "This page was open for too long, or something else was quicker. Try again.",
        submit: "Change password",
        back: "Back to your account",
    },
    own_providers: OwnProvidersWords {
        heading: "Connected sign-ins",
        about: "Somewhere else where you have an account can say here that it is you. It then signs you in without your password.",
        none: "Nothing is connected yet.",
        look: "Connected sign-ins and adding one",
        short: "Another account of yours, elsewhere, that signs you in here.",
        linked_at: OfTime(|at| html!("linked {at}")),
        known_there_as: OfCode(|subject| html!("You are {subject} there")),
        remove: "Remove",
        remove_about: OfName(|provider| {
            html!(
                "{provider} will sign you in here no more. If an administrator lets it speak for your email address, signing in with it connects it again."
            )
        }),
        submit_remove: "Remove connection",
        add: "Connect another",
        add_about: "You sign in there, and come back here.",
        connect: OfBare(|provider| html!("Connect {provider}")),
        was_linked: "Connected. From now on you can sign in with it.",
        was_removed: "Removed. It does not sign you in any more.",
        leaving: OfBare(|provider| html!("On to {provider}")),
        leaving_about: OfName(|provider| html!("Sign in at {provider}. It then leads you back here.")),
        go_on: OfBare(|provider| html!("Continue to {provider}")),
    },
    factor: FactorWords {
        heading: "Codes from an app",
        about: "An authenticator app on your telephone shows a code that changes every 30 seconds. From then on you are asked for it after your password.",
        scan: "Read this picture with the app",
        picture: "A picture that an authenticator app reads",
        type_it: "Or type this into it",
        code: "Code that the app shows now",
        code_note: "This shows that the app has it.",
        wrong_code: "That code does not fit. Check that the clock of your telephone is right, and take the next one.",
        submit: "Turn on codes",
        since: OfTime(|at| html!("You are asked for a code after your password, since {at}.")),
        codes_left: |left| match left {
            0 => "You have no recovery codes left. Make new ones.".to_owned(),
            1 => "You have 1 recovery code left.".to_owned(),
            left => format!("You have {left} recovery codes left."),
        },
        renew: "New recovery codes",
        renew_about: "You get ten new ones. The old ones are worth nothing from then on.",
        submit_renew: "Make new recovery codes",
        turn_off: "Turn it off",
        turn_off_about: "Your password alone is enough then, and the recovery codes are worth nothing.",
        turn_off_demanded: "The recovery codes are worth nothing then. But your password is not enough here: at your next sign-in you use a passkey, or set something up again.",
        submit_off: "Turn off codes",
        codes: "Your recovery codes",
        codes_about: "Each signs you in once if your telephone is gone. They are shown only now: print them, or keep them with your passwords.",
        kept: "I have kept them",
    },
    passkeys: PasskeysWords {
        heading: "Passkeys",
        about: "A passkey signs you in with your fingerprint, your face or the code of your device. It works on this site alone, so no page that looks like it can take it from you.",
        none: "You have no passkey yet.",
        used: OfTime(|at| html!("Last used {at}")),
        never_used: "Never used",
        added: OfTime(|at| html!("added {at}")),
        in_many_places: "on all your devices",
        in_one_place: "on one device only",
        remove: "Remove",
        remove_about: OfName(|passkey| {
            html!(
                "{passkey} will sign you in here no more. Delete it on your device as well, or it goes on being offered. Whoever signed in with it stays signed in: end such sessions in your account."
            )
        }),
        submit_remove: "Remove passkey",
        add: "Add a passkey",
        add_about: "Enter your password first. Then your browser asks where the passkey is to be kept.",
        go_on: "Continue",
        name: "What to call it",
        name_note: "So that you know it again, such as “Work laptop”.",
        wrong_name: "Give it a name of 1 to 128 characters.",
        submit: "Add passkey",
        without: "This browser has no passkeys, or JavaScript is off, so there is nothing to add in it.",
        nameless: "Passkeys belong to a name, and this appliance is reached at an address without one. Whoever looks after it can give it a name and https.",
        full: "You have as many passkeys as one person can have. Remove one to add another.",
        not_taken: "That passkey was not taken: it was made for another page, or is here already. Try once more.",
        cancelled: "Nothing was done: it was cancelled, or took too long. Try once more.",
        known: "This device has a passkey for you here already.",
        was_added: "Added. From now on you can sign in with it.",
        was_removed: "Removed. Nobody signs in with it any more. If somebody else may be signed in with it, end your other sessions in your account.",
        sign_in: "Sign in with a passkey",
    },
    activity: ActivityWords {
        heading: "Activity of your account",
        about: "The newest is on top. If something here was not you, change your password, and end all other sessions.",
        nothing: "Nothing is known from this time.",
        older: "Older",
        newest: "Newest",
        by_administrator: "by an administrator",
        signed_in: "Signed in",
        half_done: "The password was right, and a code was asked for",
        refused: "A sign-in was refused",
        signed_out: "Signed out",
        sessions_ended: "Sessions were ended",
        password: "The password was changed",
        factor_added: "Codes from an app were turned on",
        factor_removed: "Codes from an app were turned off",
        recovery_used: |left| match left {
            1 => "A recovery code was used; 1 is left".to_owned(),
            left => format!("A recovery code was used; {left} are left"),
        },
        recovery_renewed: "New recovery codes were made",
        passkey_added: OfName(|name| html!("Passkey {name} was added")),
        passkey_removed: OfName(|name| html!("Passkey {name} was removed")),
        passkey_counter: "A passkey was refused: there may be a copy of it",
        vouched: OfName(|provider| html!("{provider} said that it is you")),
        linked: OfName(|provider| html!("Linked to {provider}, which can sign you in from then on")),
        unlinked: OfName(|provider| html!("The link to {provider} was removed")),
        signed_in_to: OfName(|application| html!("Signed in to {application}")),
        consent_given: OfName(|application| html!("{application} was allowed something")),
        consent_denied: OfName(|application| html!("{application} was denied")),
        consent_revoked: OfName(|application| html!("The access of {application} was revoked")),
        delegation_granted: OfName(|agent| html!("{agent} may act for you")),
        delegation_revoked: OfName(|agent| html!("{agent} may act for you no more")),
        acted: OfNameAndCode(|agent, place| html!("{agent} acted for you at {place}")),
        created: "The account was made",
        suspended: "The account was stopped",
        resumed: "The account may be used again",
        made_administrator: "You became an administrator",
        made_member: "You are an administrator no more",
        roles: "Your roles were changed",
    },
    delegation: DelegationWords {
        title: OfPlain(|agent| html!("Let {agent} act for you")),
        heading: OfBare(|agent| html!("Let {agent} act for you?")),
        answers_for: OfOwner(|name, email, kind, house| html!("{name} ({email}) answers for {kind} at {house}")),
        purpose: "What it is for",
        purpose_more: "In the words of whoever answers for it.",
        in_whose_name: "In whose name",
        where_: "Where",
        choose: "Where may it act for you?",
        already: "It acts for you already",
        already_until: OfTime(|at| html!("Until {at}. To let it do something else, revoke that first.")),
        see_agents: "See who acts for you",
        nothing: "There is nothing that it could do",
        nothing_more: "No server that it may go to lets it do anything. Whoever answers for it has to change that first.",
        risk_note: "What is marked as risky is for you to tick, if you mean it.",
        allow_for: "What you allow it for",
        allow_for_note: "For your account page, and for the audit log.",
        lasts_note: "You can revoke it on your account page at any time.",
        acts_only: OfBare(|agent| {
            html!(
                "It acts only on what an application or agent of yours sends it, and everything it does says that it was {agent}, acting for you."
            )
        }),
        nothing_ticked: "Tick at least one thing that it may do, or deny.",
        purpose_wrong: "Say in one line what you allow it for.",
        cannot: "This cannot be allowed as it is. Ask whoever sent you here.",
        taken: "It acts for you already, or may not act any more. Look at your account page.",
        nobody: Told {
            title: "Nobody can act for you by this link",
            why: "There is no machine of this id here that acts at that place, or it was stopped, or nobody answers for it.",
            advice: "Ask whoever sent you the link for a new one.",
        },
    },
    kinds: KindsWords {
        agent: KindWords { name: "agent", this: "this agent" },
        service: KindWords { name: "service", this: "this service" },
        ci: KindWords { name: "CI job", this: "this CI job" },
        device: KindWords { name: "device", this: "this device" },
    },
    error: ErrorWords {
        title: "Problem",
        unknown_client: Told {
            title: "This application is not known here",
            why: "It was removed, or it was registered with another server. Nothing was sent to it.",
            advice: "In the application, remove and add the connection again. It then registers afresh.",
        },
        redirect_title: "The answer would go to an unknown address",
        redirect_why: OfNameAndCode(|application, address| {
            html!(
                "{application} wants its answer sent to {address}. This address is not registered for it, so nothing was sent."
            )
        }),
        redirect_advice: "If you run the application, register this address, or remove and add the connection again. If you did not start this yourself, close this page.",
        resource_title: "That server is not registered here",
        resource_why: OfCodeAndPlain(|asked, house| {
            html!("The application asks for permission on {asked}, which {house} does not know.")
        }),
        resource_known: "Registered here",
        resource_advice: Html::of(
            "Check the address in the application: it must be the same, character for character. An administrator can register a new one with <code>writ resource add</code>.",
        ),
        flow_expired: Told {
            title: "This request is over",
            why: "It took too long, it was answered already, or it began in another browser. Nothing more was allowed.",
            advice: "Go back to the application and start again.",
        },
        approval_title: "Waiting for approval",
        approval_why: OfName(|application| {
            html!("{application} is registered, and an administrator has to approve it before anybody can use it.")
        }),
        approval_advice: OfPlain(|house| {
            html!("Ask whoever looks after {house}, then start again in the application.")
        }),
        rejected_title: "This application may not be used here",
        rejected_why: OfNameAndPlain(|application, house| {
            html!("An administrator of {house} decided against {application}. Nothing was sent to it.")
        }),
        rejected_advice: OfPlain(|house| html!("If you need it all the same, ask whoever looks after {house}.")),
        form: Told {
            title: "This form is out of date",
            why: "The page was open for a long time, or it was not sent from here. Nothing was changed.",
            advice: "Go back, reload the page and try again.",
        },
        forbidden_title: "You may not open this",
        forbidden_why: "You are signed in, and this page is for somebody else.",
        forbidden_advice: OfPlain(|house| html!("If you need it, ask whoever looks after {house}.")),
        not_found_title: "There is nothing here",
        not_found_why: "The address may be mistyped, or what it led to is gone.",
        method_title: "This address works another way",
        method_why: "It is the target of a form, or is meant for programs. It cannot be opened like a page.",
        too_many_title: "Too many requests",
        too_many_why: "Many requests came from your address in a short time.",
        try_in: OfPlain(|wait| html!("Try again in {wait}.")),
        try_later: "Try again in a little while.",
        fault_title: "Something broke on our side",
        fault_why: "It is not your doing. What you asked for may not have been done.",
        fault_advice: OfPlain(|house| {
            html!("Try again. If it happens again, give whoever looks after {house} the code below.")
        }),
        start_page: "Go to the start page",
        status: OfPlain(|status| html!("Status {status}")),
        story: OfLink(|link| html!("If you look after this appliance: {}.", link.over("open the story of this error"))),
        too_slow: Told {
            title: "This took too long",
            why: "What your browser sent did not arrive in time.",
            advice: "Go back and try again. If your connection is bad, a better one helps.",
        },
        too_long: Told {
            title: "This request is too long",
            why: "It has more in it than any application needs to send.",
            advice: CONNECT_AGAIN,
        },
        client_missing: Told {
            title: "The application did not say who it is",
            why: "The parameter client_id is missing.",
            advice: CONNECT_AGAIN,
        },
        client_gone_title: "This registration is gone",
        client_gone_why: |name| {
            format!("“{name}” registered itself here once, was not used for a long time, and was removed.")
        },
        client_document: Told {
            title: "This application cannot be recognized",
            why: "Its address should describe it, and does not.",
            advice: CONNECT_AGAIN,
        },
        client_suspended: Told {
            title: "This application is suspended",
            why: "An administrator has stopped it.",
            advice: CONNECT_AGAIN,
        },
        redirect_missing: Told {
            title: "The application did not say where to return",
            why: "The parameter redirect_uri is missing.",
            advice: CONNECT_AGAIN,
        },
        redirect_invalid: Told {
            title: "The address to return to is not acceptable",
            why: "Nothing was sent there.",
            advice: CONNECT_AGAIN,
        },
        unreadable: Told {
            title: "This request cannot be read",
            why: "The application has to send it differently.",
            advice: CONNECT_AGAIN,
        },
        connect_again: CONNECT_AGAIN,
    },
    console: console::CONSOLE,
};

const CONNECT_AGAIN: &str =
    "In the application, remove the connection and add it again. If that does not help, tell whoever makes it.";

/// Unicode CLDR, plural rules of English: one for 1, other for the rest.
fn length(Span { count, unit }: Span) -> String {
    let unit = match unit {
        Unit::Second => "second",
        Unit::Minute => "minute",
        Unit::Hour => "hour",
        Unit::Day => "day",
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
