// The page of one plot: lens, comparison with the reference, the plots before and after.
import "./page.js";
import { ask, toast } from "./ask.js";
import { startCompare } from "./compare.js";
import { bindKeys } from "./keys.js";
import { makeLens } from "./lens.js";

const byId = (id) => document.getElementById(id);
const lens = makeLens([byId("stage"), byId("other-stage")].filter(Boolean));
const go = (id) => () => (byId(id) === null ? false : byId(id).click());

byId("zoom-in").addEventListener("click", lens.larger);
byId("zoom-out").addEventListener("click", lens.smaller);
byId("zoom-fit").addEventListener("click", lens.fit);

bindKeys([
  ["+", "larger", lens.larger],
  ["-", "smaller", lens.smaller],
  ["0", "whole picture", lens.fit],
  ...startCompare(),
  ["ArrowLeft", "the plot before", go("before")],
  ["ArrowRight", "the plot after", go("after")],
]);

byId("pin")?.addEventListener("click", async ({ currentTarget: button }) => {
  const { type, uid } = button.dataset;
  try {
    await ask("PUT", `/api/v1/plot-types/${encodeURIComponent(type)}/reference`, { uid });
    button.disabled = true;
    toast("Plots of this type are compared with this one from now on.");
  } catch (error) {
    toast(error.message, { bad: true });
  }
});
