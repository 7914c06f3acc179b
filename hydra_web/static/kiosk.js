// Kiosk: the grid shows one group after the other, the alarms all the time; ends with k, Esc or a click on the button.
const SECONDS = 20;

export function startKiosk({ seconds = SECONDS } = {}) {
  const button = document.getElementById("kiosk");
  const every = Math.min(600, Math.max(3, seconds)) * 1000;
  let timer = 0;
  let turn = -1;

  const groups = () => [...document.querySelectorAll("#grid .group:not([hidden])")];
  const step = () => {
    const all = groups();
    turn = all.length ? (turn + 1) % all.length : -1;
    for (const group of document.querySelectorAll("#grid .group")) group.classList.toggle("in-turn", group === all[turn]);
  };
  const begin = () => {
    document.body.classList.add("kiosk");
    button.setAttribute("aria-pressed", "true");
    turn = -1;
    step();
    timer = setInterval(step, every);
  };
  const end = () => {
    clearInterval(timer);
    timer = 0;
    document.body.classList.remove("kiosk");
    button.setAttribute("aria-pressed", "false");
  };
  const toggle = () => (timer ? end() : begin());
  button.addEventListener("click", toggle);
  return { toggle, end, isOn: () => timer !== 0 };
}
