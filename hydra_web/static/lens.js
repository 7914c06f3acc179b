// Pan and zoom: pictures under one lens move together, so that two can be compared point by point.
const MOST = 16;

export function makeLens(stages) {
  let scale = 1;
  let x = 0;
  let y = 0;
  const frames = stages.map((stage) => stage.querySelector(".frame"));

  const show = () => {
    for (const frame of frames) frame.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    for (const stage of stages) stage.classList.toggle("is-zoomed", scale > 1);
  };
  const zoom = (factor, atX, atY) => {
    const next = Math.min(MOST, Math.max(1, scale * factor));
    x = atX - ((atX - x) * next) / scale;
    y = atY - ((atY - y) * next) / scale;
    scale = next;
    if (scale === 1) x = y = 0;
    show();
  };
  const centre = (factor) => zoom(factor, frames[0].offsetWidth / 2, frames[0].offsetHeight / 2);
  const fit = () => {
    scale = 1;
    x = y = 0;
    show();
  };

  stages.forEach((stage, i) => {
    const spot = (event) => {
      const box = frames[i].parentElement.getBoundingClientRect();
      return [event.clientX - box.left - frames[i].offsetLeft, event.clientY - box.top - frames[i].offsetTop];
    };
    stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && scale === 1 && event.deltaY > 0) return; // the page scrolls on
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 400), ...spot(event));
    }, { passive: false });
    stage.addEventListener("dblclick", (event) => (scale > 1 ? fit() : zoom(3, ...spot(event))));
    stage.addEventListener("pointerdown", (event) => {
      if (scale === 1 || event.button !== 0) return;
      stage.setPointerCapture(event.pointerId);
      const from = [event.clientX - x, event.clientY - y];
      const move = (to) => {
        [x, y] = [to.clientX - from[0], to.clientY - from[1]];
        show();
      };
      stage.addEventListener("pointermove", move);
      stage.addEventListener("lostpointercapture", () => stage.removeEventListener("pointermove", move), { once: true });
    });
  });
  return { larger: () => centre(1.5), smaller: () => centre(1 / 1.5), fit };
}
