//! Was eine Seite zum Kopieren anbietet, und was dabei zu wissen ist.

use crate::web::words::list::console::*;

pub(super) const SNIPPETS: SnippetsWords = SnippetsWords {
    env: "Dort suchen die anderen das Geheimnis.",
    introspect: "Hier nach einem Token fragen (curl)",
    authorize: "Von Hand, zuerst: die Adresse zum Öffnen",
    authorize_about: "Öffnen Sie im Browser, was ausgegeben wird. Der Code kommt an die Adresse für die Antworten.",
    by_hand: "Von Hand, danach: curl",
    by_hand_about: "Mit dem Code in CODE, innerhalb einer Minute.",
    with_authlib: "Mit Authlib und httpx.",
    with_openid_client: "Mit openid-client, Version 6.",
    with_oauth2: "Mit dem Crate oauth2, Version 5, in einer asynchronen Funktion.",
    with_requests: "Mit dem Paket requests.",
    with_fetch: "Für Node, Deno, Bun und Worker: Es ist nichts zu installieren.",
    with_reqwest: "Mit reqwest (mit den Features json und form) und serde_json, in einer asynchronen Funktion.",
    exchange: "curl, so wie das SDK eines gehosteten Dienstes fragt",
    proof: "WRIT_DPOP, in Python signiert",
    proof_about: "Jeder gilt für eine Anfrage. Wem das Token gezeigt wird, der verlangt einen Nachweis mit demselben Schlüssel.",
    assertion: "WRIT_ASSERTION, in Python signiert",
    assertion_about: "Jede gilt einmal, eine Minute lang.",
    claude: "Claude Desktop und claude.ai",
    claude_code_about: "Danach in einer Sitzung /mcp und „Authenticate“.",
    claude_about: "Der Server und dieser Dienst müssen aus dem Internet erreichbar sein.",
    inspector_about: "Ohne --cli und was danach steht öffnet er eine Seite: Wählen Sie Streamable HTTP, geben Sie die Adresse an, und verbinden Sie.",
    gemini_about: |name| format!("Danach /mcp auth {name}."),
    chatgpt_about: "Auch hier aus dem Internet erreichbar. Nennt es nur den Ursprung, tragen Sie ihn bei der Ressource als weitere Schreibweise ihrer Adresse ein.",
    mcp_remote: "Clients, die nur Programme starten (mcp-remote)",
    token: "Zuerst: ein Token in WRIT_TOKEN",
    token_about: |lives| {
        format!(
            "Die Clients hierunter schicken es mit. Es gilt {lives}; danach holen Sie ein neues und starten den Client noch einmal."
        )
    },
    asks_for_token: "Es fragt nach dem Token, wenn es den Server startet.",
    vscode_about: |id, answers| {
        format!("VS Code trägt sich selbst ein und fragt nach einer Client-ID, wo das geschlossen ist: {id}. {answers}")
    },
    inspector_client: |address, id, answers| {
        format!(
            "Wählen Sie Streamable HTTP, geben Sie {address} an, und unter „Authentication“ die Client-ID {id}. {answers}"
        )
    },
    goes_there: "Die Antworten dürfen schon dorthin gehen.",
    let_go: |uri| format!("Lassen Sie zuerst die Antworten der Anwendung an {uri} gehen."),
    introspect_each: "Hier nach jedem Token fragen (curl)",
    metadata: "Die Metadaten, die er ausliefert, wenn es keine Bibliothek tut",
    tools_about: "Rufen Sie es vor jedem Werkzeug mit den Rechten des Token auf. Ein Werkzeug, das nicht darin steht, darf nicht benutzt werden.",
    tools_null: "null: Jedes Token dieses Servers genügt.",
};
