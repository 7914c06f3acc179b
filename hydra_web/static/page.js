// What every page has: colours, heat map control, help and the keys for them.
import { startAges } from "./ages.js";
import { bindKeys } from "./keys.js";
import { recall, remember } from "./memory.js";
import { showNews } from "./news.js";
import { startPalette } from "./palette.js";
import { watchPictures } from "./pictures.js";

const THEMES = ["auto", "light", "dark"];
const root = document.documentElement;
const byId = (id) => document.getElementById(id);

function showTheme(theme) {
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  byId("theme-name").textContent = theme[0].toUpperCase() + theme.slice(1);
}

function startTheme() {
  let theme = THEMES.includes(recall("theme")) ? recall("theme") : "auto";
  showTheme(theme);
  byId("theme-toggle").addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    remember("theme", theme);
    showTheme(theme);
  });
}

function startHeat() {
  const toggle = byId("heat-toggle");
  const slider = byId("heat-opacity");
  const show = (on, opacity) => {
    root.dataset.heat = on ? "on" : "off";
    root.style.setProperty("--heat", opacity / 100);
    toggle.setAttribute("aria-pressed", on);
    slider.value = opacity;
    slider.disabled = !on;
    remember("heat", on ? "on" : "off");
    remember("opacity", opacity);
  };
  const isOn = () => root.dataset.heat === "on";
  const set = (opacity) => show(true, Math.min(100, Math.max(10, opacity)));
  show(recall("heat") !== "off", Number(recall("opacity")) || 50);
  toggle.addEventListener("click", () => show(!isOn(), Number(slider.value)));
  slider.addEventListener("input", () => set(Number(slider.value)));
  return [
    ["h", "heat maps on or off", () => toggle.click()],
    ["[", "heat maps fainter", () => set(Number(slider.value) - 10)],
    ["]", "heat maps stronger", () => set(Number(slider.value) + 10)],
  ];
}

function startHelp() {
  const help = byId("help");
  const open = () => {
    if (!help.open) help.showModal();
  };
  byId("help-open").addEventListener("click", open);
  return [["?", "this help", open], ["Escape", "close what is open", () => false]];
}

startTheme();
startPalette(byId("palette"));
bindKeys([...startHeat(), ...startHelp()]);
startAges();
watchPictures();
showNews(byId("news"));
