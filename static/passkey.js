// Passkeys. Without this file, or in a browser that has none, the password works as it does everywhere.
(() => {
  "use strict";
  const each = (selector, run) => document.querySelectorAll(selector).forEach(run);
  if (!window.PublicKeyCredential || !navigator.credentials) return;
  each("[data-passkey-shown]", (part) => { part.hidden = false; });
  each("[data-passkey-without]", (part) => { part.hidden = true; });

  // Bytes travel in base64url.
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => {
    const plain = Array.from(new Uint8Array(buffer ?? []), (byte) => String.fromCharCode(byte)).join("");
    return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  };
  const send = (form, values) => {
    for (const [name, value] of Object.entries(values)) form.elements.namedItem(name).value = value;
    form.submit();
  };
  // What the device or its owner did not want. It is said beside the button.
  const failed = (part, form, error) => {
    delete form.dataset.sent;
    const known = error.name === "InvalidStateError" && part.dataset.known;
    const place = form.querySelector("[data-passkey-problem]");
    place.hidden = false;
    place.querySelector("span").textContent = known || part.dataset.cancelled;
  };

  each("[data-passkey=create]", (part) => {
    const form = part.querySelector("form");
    const { challenge, rp, rpName, user, userName, userDisplay, exclude, algorithms } = part.dataset;
    form.addEventListener("submit", async (event) => {
      // Pressed a second time, while the browser still asks.
      if (event.defaultPrevented) return;
      event.preventDefault();
      try {
        const made = await navigator.credentials.create({
          publicKey: {
            challenge: bytes(challenge),
            rp: { id: rp, name: rpName },
            user: { id: bytes(user), name: userName, displayName: userDisplay },
            pubKeyCredParams: algorithms.split(" ").map((alg) => ({ type: "public-key", alg: Number(alg) })),
            excludeCredentials: exclude.split(" ").filter(Boolean).map((id) => ({ type: "public-key", id: bytes(id) })),
            authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
            attestation: "none",
          },
        });
        send(form, { client_data: text(made.response.clientDataJSON), attestation: text(made.response.attestationObject) });
      } catch (error) {
        failed(part, form, error);
      }
    });
  });

  each("[data-passkey=get]", (part) => {
    const form = part.querySelector("form");
    const { challenge, rp } = part.dataset;
    let waiting;
    const ask = async (mediation) => {
      waiting?.abort();
      waiting = new AbortController();
      const { signal } = waiting;
      const found = await navigator.credentials.get({
        mediation,
        signal,
        publicKey: { challenge: bytes(challenge), rpId: rp, userVerification: "required", allowCredentials: [] },
      });
      const { clientDataJSON, authenticatorData, signature, userHandle } = found.response;
      send(form, {
        credential: text(found.rawId),
        client_data: text(clientDataJSON),
        authenticator_data: text(authenticatorData),
        signature: text(signature),
        user_handle: text(userHandle),
      });
    };
    // Beside the suggestions of the address field, where the browser can; whoever types on is not disturbed.
    const offer = async () => {
      if (await window.PublicKeyCredential.isConditionalMediationAvailable?.()) await ask("conditional").catch(() => {});
    };
    offer();
    form.addEventListener("submit", async (event) => {
      // Pressed a second time, while the browser still asks.
      if (event.defaultPrevented) return;
      event.preventDefault();
      try {
        await ask("optional");
      } catch (error) {
        failed(part, form, error);
        offer();
      }
    });
  });
})();
