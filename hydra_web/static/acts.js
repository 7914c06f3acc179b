// What can be done about an alarm on its card: acknowledge, mute, say that it was none, write a log-book entry.
import { ask, toast } from "./ask.js";

const byId = (id) => document.getElementById(id);
const episode = (uid, what) => `/api/v1/episodes/${encodeURIComponent(uid)}/${what}`;
const muteOf = (name) => `/api/v1/plot-types/${encodeURIComponent(name)}/mute`;

export function startActs(place) {
  place.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-act]");
    if (button === null) return;
    button.disabled = true;
    try {
      const said = await ACTS[button.dataset.act](button.dataset);
      if (said) toast(...[said].flat());
    } catch (error) {
      toast(error.message, { bad: true });
    }
    button.disabled = false;
  });
}

const ACTS = {
  acknowledge: async ({ episode: uid }) => {
    await ask("POST", episode(uid, "acknowledge"));
    return "Acknowledged.";
  },
  mute: async ({ type, title }) => {
    const wish = await askForMute(title);
    if (wish === null) return "";
    await ask("POST", muteOf(type), wish);
    const undo = () => ask("DELETE", muteOf(type)).then(() => toast("The alarm is back."));
    return [`${title} is muted for ${wish.minutes} min.`, { label: "Undo", act: undo }];
  },
  unmute: async ({ type }) => {
    await ask("DELETE", muteOf(type));
    return "The alarm is back.";
  },
  false: async ({ episode: uid }) => {
    await ask("POST", episode(uid, "feedback"), { true_alarm: false });
    const undo = () =>
      ask("POST", episode(uid, "feedback"), { true_alarm: true }).then(() => toast("Kept as a true alarm."));
    return ["Told the experts that this was a false alarm.", { label: "It was true", act: undo }];
  },
  logbook: async ({ episode: uid }) => {
    await ask("POST", episode(uid, "logbook"), {});
    return "The log book has an entry.";
  },
};

function askForMute(title) {
  const dialog = byId("mute-dialog");
  byId("mute-title").textContent = `Mute ${title}`;
  byId("mute-reason").value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener(
      "close",
      () => {
        if (dialog.returnValue !== "mute") return answer(null);
        const minutes = Number(new FormData(byId("mute-form")).get("minutes"));
        return answer({ minutes, reason: byId("mute-reason").value.trim() });
      },
      { once: true },
    );
  });
}
