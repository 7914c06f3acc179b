// Sends what somebody decided to the server, and says in words what went wrong.

/** Sends JSON; returns the parsed answer (null when empty). Throws an Error whose message can be shown as it is. */
export async function ask(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Error("The server does not answer. Nothing was saved.");
  }
  const text = await answer.text();
  if (answer.ok) return text ? JSON.parse(text) : null;
  throw new Error(words(text) ?? `The server refused (${answer.status}).`);
}

function words(text) {
  try {
    const { detail } = JSON.parse(text);
    return Array.isArray(detail) ? detail.map((one) => one.msg).join("; ") : detail;
  } catch {
    return null;
  }
}

/** Shows a short message at the foot of the page, with a button when there is something to do about it. */
export function toast(message, { label, act, bad = false } = {}) {
  const place = document.getElementById("toast");
  place.replaceChildren(message);
  place.classList.toggle("is-bad", bad);
  if (act) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", act);
    place.append(" ", button);
  }
  place.hidden = false;
}
