// The library's pages: buttons that decide, forms that save, and the parts that live on them.
import "./page.js";
import { ask, toast } from "./ask.js";
import { startSimulator } from "./simulator.js";
import { followTraining } from "./training.js";

const number = (text) => (text.trim() === "" ? null : Number(text));

/** Does something on the server, says how it went, and shows the page anew when it went well. */
async function act(work, done) {
  try {
    await work();
    toast(done);
    setTimeout(() => location.reload(), 700);
  } catch (error) {
    toast(error.message, { bad: true });
  }
}

function press(button) {
  const { post, put, delete: gone, confirm: question, done, carry } = button.dataset;
  if (question && !window.confirm(question)) return;
  const body = carry ? { carry: document.getElementById(carry)?.checked ?? false } : undefined;
  const [method, path] = post ? ["POST", post] : put ? ["PUT", put] : ["DELETE", gone];
  act(() => ask(method, path, body), done);
}

for (const button of document.querySelectorAll("[data-post], [data-put], [data-delete]")) {
  button.addEventListener("click", () => press(button));
}
for (const select of document.querySelectorAll("[data-submits]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

document.querySelector("[data-thresholds]")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const given = [...form.elements].filter((one) => one.name && number(one.value) !== null);
  if (!given.length) {
    toast("Give at least one new threshold.", { bad: true });
    return;
  }
  const thresholds = Object.fromEntries(given.map((one) => [one.name, number(one.value)]));
  act(() => ask("PUT", form.dataset.thresholds, { thresholds }), "Saved.");
});

/** What differs in the rules' form from what is in force, as the API takes it. */
function wishes(form) {
  const changed = [...form.elements].filter((one) => one.dataset.now !== undefined && one.value !== one.dataset.now);
  const wish = { thresholds: {}, settings: {} };
  for (const one of changed) {
    if (one.dataset.threshold) wish.thresholds[one.dataset.threshold] = Number(one.value);
    else wish.settings[one.name] = "number" in one.dataset ? Number(one.value) : one.value;
  }
  return wish;
}

const rules = document.querySelector("[data-rules-form]");
rules?.addEventListener("submit", (event) => {
  event.preventDefault();
  const wish = wishes(rules);
  const any = Object.keys(wish.thresholds).length + Object.keys(wish.settings).length;
  if (any) act(() => ask("PUT", rules.dataset.rulesForm, wish), "Saved. The IOC follows within a second.");
  else toast("Nothing differs from what is in force.");
});
for (const button of rules?.querySelectorAll("[data-back]") ?? []) {
  button.addEventListener("click", () => {
    const settings = { [button.dataset.back]: null };
    act(() => ask("PUT", rules.dataset.rulesForm, { settings }), "Back to the configuration's.");
  });
}

document.querySelector("[data-start]")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const { architecture, epochs, seed } = event.target.elements;
  const wish = { architecture: architecture.value, epochs: number(epochs.value), seed: number(seed.value) ?? 1 };
  act(() => ask("POST", event.target.dataset.start, wish), "Started.");
});

const simulator = document.querySelector("[data-simulator]");
if (simulator) startSimulator(simulator);
const training = document.querySelector("[data-training]");
if (training) followTraining(training);
