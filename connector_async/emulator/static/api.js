// How the page talks to the emulator that serves it.

import { notice } from "./dom.js";

export async function ask(path, query = {}) {
  const address = new URL(`api/${path}`, document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) address.searchParams.set(name, value);
  }
  return read(await fetch(address, { headers: { Accept: "application/json" } }));
}

export async function tell(path, body = {}) {
  try {
    // The header cannot be sent from another site's page.
    return await read(await fetch(new URL(`api/${path}`, document.baseURI), {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Emulator-Console": "1" },
      body: JSON.stringify(body),
    }));
  } catch (error) {
    notice(error.message, { bad: true });
    return null;
  }
}

async function read(response) {
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `The emulator answered ${response.status}`);
  return answer;
}

export function listen({ batch, state }) {
  const source = new EventSource(new URL("api/events", document.baseURI));
  source.addEventListener("open", () => state(true));
  source.addEventListener("error", () => state(false));
  source.addEventListener("message", (event) => batch(JSON.parse(event.data)));
}
