// The administration: sends a form or a button's wish as JSON, then shows the page as it is now.
import "./page.js";
import { ask, toast } from "./ask.js";

/** Returns a form's fields as JSON wants them; `data-empty` says what an empty one is: null, or not sent at all. */
function bodyOf(form) {
  const body = {};
  for (const field of form.querySelectorAll("[name]")) {
    const value = valueOf(field);
    if (value !== "" && value?.length !== 0) body[field.name] = value;
    else if (field.dataset.empty === "null") body[field.name] = null;
    else if (field.dataset.empty !== "omit") body[field.name] = "";
  }
  return body;
}

function valueOf(field) {
  if (field.multiple) return [...field.selectedOptions].map((option) => option.value);
  if (field.type === "datetime-local" && field.value) return new Date(field.value).toISOString();
  return field.value;
}

async function send(element, body) {
  const [method, path] = element.dataset.send.split(" ");
  if (element.dataset.ask && !window.confirm(element.dataset.ask)) return;
  try {
    const answer = await ask(method, path, body);
    if (element.dataset.secret) showSecret(answer[element.dataset.secret]);
    else if (element.dataset.then) location.assign(element.dataset.then);
    else location.reload();
  } catch (error) {
    toast(error.message, { bad: true });
  }
}

function showSecret(secret) {
  const place = document.getElementById("secret");
  place.querySelector("code").textContent = secret;
  place.hidden = false;
  document.getElementById("copy-secret").focus();
}

for (const form of document.querySelectorAll("form[data-send]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, bodyOf(form));
  });
}
for (const button of document.querySelectorAll("button[data-send]")) {
  button.addEventListener("click", () => send(button, button.dataset.body ? JSON.parse(button.dataset.body) : undefined));
}
document.getElementById("copy-secret")?.addEventListener("click", async () => {
  await navigator.clipboard.writeText(document.querySelector("#secret code").textContent);
  toast("Copied.");
});
