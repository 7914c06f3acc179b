// Follows a training while its page is open; it goes on without it.
import { ask } from "./ask.js";

const EVERY = 1500;

function show(place, told) {
  place.querySelector("[data-stage]").textContent = told.state === "cancelling" ? "stopping" : told.stage;
  const bar = place.querySelector("[data-progress]");
  if (told.total) {
    bar.max = told.total;
    bar.value = told.epoch;
    place.querySelector("[data-epoch]").textContent = `epoch ${told.epoch} of ${told.total}`;
  }
  const loss = told.curves.loss?.at(-1);
  const checked = told.curves.val_loss?.at(-1);
  if (loss !== undefined && loss !== null) {
    const second = checked === undefined || checked === null ? "" : `, validation ${checked.toFixed(3)}`;
    place.querySelector("[data-figures]").textContent = `Loss ${loss.toFixed(3)}${second}.`;
  }
}

/** Asks how far the training is until it has ended, then shows the page anew. */
export function followTraining(place) {
  const look = async () => {
    try {
      const told = await ask("GET", place.dataset.training);
      show(place, told);
      if (!["waiting", "running", "cancelling"].includes(told.state)) {
        location.reload();
        return;
      }
    } catch {
      // The server may be starting anew; the training is not concerned.
    }
    setTimeout(look, EVERY);
  };
  look();
}
