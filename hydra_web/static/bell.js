// Sound for new alarms: off until somebody asks for it, once an episode, silenced by the bell or by acknowledging.
import { recall, remember } from "./memory.js";

const AGAIN = 15_000; // ms between two rings of an alarm that nobody has heard
const TONES = {
  BAD: [[880, 0], [660, 0.22], [880, 0.44]],
  WARN: [[523, 0]],
}; // [Hz, start in s]: told apart by their rhythm as well as by their pitch

export function startBell({ strip, say }) {
  const button = document.getElementById("bell");
  const word = document.getElementById("bell-word");
  const silenced = new Set();
  let context = null;
  let on = recall("sound") === "on";

  const ringing = () =>
    [...strip.querySelectorAll("[data-rings]")].filter((one) => !silenced.has(one.dataset.rings));
  const show = () => {
    const waits = on && (context === null || context.state !== "running");
    const rings = on && ringing().length > 0;
    button.setAttribute("aria-pressed", on);
    button.classList.toggle("is-ringing", rings);
    word.textContent = !on ? "Sound off" : waits ? "Sound: click once" : rings ? "Silence" : "Sound on";
  };
  const play = (level) => {
    if (!on || context === null || context.state !== "running") return;
    for (const [pitch, start] of TONES[level]) tone(context, pitch, context.currentTime + start);
    button.dataset.rang = level;
  };
  const ring = () => {
    const levels = new Set(ringing().map((one) => one.dataset.level));
    if (levels.has("BAD")) play("BAD");
    else if (levels.has("WARN")) play("WARN");
    show();
  };
  const wake = async () => {
    context ??= new AudioContext(); // browsers let it sound only after a click
    await context.resume();
  };
  const silence = () => {
    for (const one of ringing()) silenced.add(one.dataset.rings);
    show();
    say("Silenced. A new alarm rings again.");
  };

  button.addEventListener("click", async () => {
    const waits = on && (context === null || context.state !== "running");
    if (on && !waits && ringing().length) return silence();
    on = waits || !on;
    remember("sound", on ? "on" : "off");
    if (on) {
      await wake();
      play("WARN"); // what it will sound like
    }
    show();
  });

  let known = new Set(ringing().map((one) => one.dataset.rings));
  const changed = () => {
    const now = new Set(ringing().map((one) => one.dataset.rings));
    const fresh = [...now].some((episode) => !known.has(episode));
    known = now;
    if (fresh) ring();
    else show();
  };
  setInterval(() => ringing().length && ring(), AGAIN);
  show();
  return { changed, silence: () => (on && ringing().length ? silence() : undefined) };
}

function tone(context, pitch, start) {
  const voice = context.createOscillator();
  const volume = context.createGain();
  voice.frequency.value = pitch;
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(0.25, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, start + 0.2);
  voice.connect(volume).connect(context.destination);
  voice.start(start);
  voice.stop(start + 0.21);
}
