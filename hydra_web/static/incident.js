// The page of one incident: acknowledge it, say whether it was real, enter it in the log book.
import "./page.js";
import { ask, toast } from "./ask.js";

const { uid } = document.body.dataset;
const path = (what) => `/api/v1/episodes/${encodeURIComponent(uid)}/${what}`;
const byId = (id) => document.getElementById(id);

async function act(button, work) {
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    toast(error.message, { bad: true });
    button.disabled = false;
  }
}

byId("acknowledge")?.addEventListener("click", ({ currentTarget }) =>
  act(currentTarget, async () => {
    const incident = await ask("POST", path("acknowledge"));
    byId("acked").textContent = incident.acknowledged_by;
    toast("Acknowledged.");
  }),
);

for (const button of document.querySelectorAll("[data-feedback]")) {
  button.addEventListener("click", () =>
    act(button, async () => {
      const real = button.dataset.feedback === "true";
      const incident = await ask("POST", path("feedback"), { true_alarm: real, note: byId("note").value });
      const note = incident.note ? `: ${incident.note}` : "";
      byId("feedback").textContent = `${real ? "true" : "false"} alarm, says ${incident.feedback_by}${note}`;
      for (const one of document.querySelectorAll("[data-feedback]")) one.setAttribute("aria-pressed", one === button);
      button.disabled = false;
      toast(real ? "Kept: it was real." : "Kept: a false alarm. Experts will see it in the review queue.");
    }),
  );
}

byId("enter")?.addEventListener("click", ({ currentTarget }) =>
  act(currentTarget, async () => {
    const { url } = await ask("POST", path("logbook"), { text: byId("note").value });
    const place = byId("logbook");
    if (url.startsWith("http")) {
      const link = document.createElement("a");
      link.href = url;
      link.textContent = url;
      place.replaceChildren(link);
    } else {
      place.textContent = url;
    }
    toast("Entered in the log book.");
  }),
);
