//! Die Zugangsdaten einer Maschine: neue, ein Geheimnis, das einmal gezeigt wird, und ein Token, das mit Regeln verglichen wird.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const FORM: CredentialFormWords = CredentialFormWords {
    title: OfPlain(|machine| html!("Neue Zugangsdaten für {machine}")),
    heading: "Neue Zugangsdaten",
    kinds: "Art der Zugangsdaten",
    client_secret: "Geheimnis",
    access_key: "Zugriffsschlüssel",
    public_keys: "Öffentliche Schlüssel",
    key_set: "Schlüssel unter einer Adresse",
    trust: "Token ihrer Plattform",
    as_name: |kind| kind.to_owned(),
    client_secret_about: "Ein Passwort für ein Programm: Es geht bei jeder Bitte um ein Token mit. Es wird nur einmal gezeigt.",
    access_key_about: "Ein langer Schlüssel, der gegen ein Token getauscht wird oder so, wie er ist, an die API hier geht. Er wird nur einmal gezeigt.",
    public_keys_about: "Die Maschine unterschreibt mit einem privaten Schlüssel, der bei ihr bleibt; hier liegen die öffentlichen. Was hier liegt, nützt keinem Dieb.",
    key_set_about: "Die Maschine unterschreibt mit einem privaten Schlüssel und veröffentlicht die öffentlichen unter einer eigenen Adresse, wo sie sie selbst wechselt.",
    trust_about: "Gar kein Geheimnis: Die Token, die die Maschine von ihrer Plattform bekommt, stehen für sie, wenn deren Claims jede Regel erfüllen.",
    issuers: "Art des Ausstellers",
    kubernetes: "Kubernetes-Dienstkonten",
    google: "Google-Cloud-Dienstkonten",
    any_issuer: "Jeder andere OpenID-Aussteller",
    name_help: "So, wie es bei Ihnen heißt.",
    jwks: "Öffentliche Schlüssel",
    jwks_help: "Ein JWK Set, {\"keys\": […]}, oder ein JWK. Nie ein privater Schlüssel.",
    no_key: "Sie hat noch keinen Schlüssel: einen machen",
    make_key_about: Html::of(
        "Dort, wo die Maschine läuft, in Python mit PyJWT und dessen Zusatz crypto. Der private Schlüssel bleibt dort in <code>private.pem</code>, und ausgegeben wird, was Sie oben einfügen.",
    ),
    make_key: "Einen Schlüssel machen",
    jwks_uri: "Adresse der Schlüssel",
    jwks_uri_help: "Mit https://, ein JWK Set.",
    issuer: "Aussteller",
    issuer_help: "Zeichen für Zeichen so, wie es in den Token steht.",
    audience: "Empfänger",
    audience_help: "Für wen die Token laut ihrer Angabe sein müssen (Audience).",
    rules: "Regeln",
    rules_help: "Eine je Zeile: CLAIM=WERT, CLAIM=EINS|ANDERES oder CLAIM^=ANFANG. Alle müssen erfüllt sein.",
    reuse: "Ein Token so oft annehmen, wie es gezeigt wird, bis es abläuft: für Plattformen, die es in einer Datei halten",
    expires: "Läuft ab am",
    expires_help: "Leer: nie.",
    submit: "Zugangsdaten anlegen",
    machine_made: "Die Maschine ist angelegt. Sagen Sie noch, womit sie sich ausweist, dann kann sie um Token bitten.",
    no_kind: "Wählen Sie eine Art.",
    pem: "Das ist PEM. Machen Sie aus dem öffentlichen Schlüssel ein JWK Set, wie unten beschrieben.",
    private_pem: "Das ist PEM, und sogar ein privater Schlüssel: Der bleibt, wo er ist. Machen Sie aus dem öffentlichen ein JWK Set, wie unten beschrieben.",
    no_json: |why| format!("Das ist kein JSON: {why}"),
};

pub(super) const SECRET: SecretWords = SecretWords {
    title: OfPlainAndPlain(|what, machine| html!("{what} für {machine}")),
    copy_now: OfName(|machine| {
        html!(
            "Kopieren Sie es jetzt: Es wird nur dieses eine Mal gezeigt und nirgends aufbewahrt. Wer es hat, ist {machine}."
        )
    }),
    overlap: OfTime(|at| {
        html!(
            "Das bisherige gilt noch und läuft {at} ab. Auf der Seite der Maschine sehen Sie, ab wann es niemand mehr benutzt."
        )
    }),
    as_file: "Als Datei",
    copy_lines: "Zeilen kopieren",
    download: ".env herunterladen",
    shown_before: "Dieses Formular wurde schon einmal abgeschickt, und das Geheimnis wurde da gezeigt. Aufbewahrt wird es nirgends; ist es verloren, ersetzen Sie es.",
    done: "Fertig",
};

pub(super) const TRIAL: TrialWords = TrialWords {
    title: OfPlain(|machine| html!("Ein Token, ausprobiert an {machine}")),
    accepted: "Dieses Token würde angenommen",
    refused: "Dieses Token würde abgelehnt",
    fails: "Was nicht passt:",
    fails_because: OfCheck(|claim, expected, found| html!("{claim} muss {expected} sein und ist {found}.")),
    looked_at: "Geprüft",
    holds: "Passt",
    expected: "Soll",
    found: "Ist",
    yes: "ja",
    no: "nein",
    nothing_changed: "Nichts wurde geändert: Das Token gilt wie zuvor.",
    back: OfPlain(|machine| html!("Zurück zu {machine}")),
};
