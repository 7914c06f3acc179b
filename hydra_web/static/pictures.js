// A picture that cannot be decoded says so in words instead of showing the browser's broken sign.
function mark(image) {
  image.closest(".picture")?.classList.add("broken");
}

export function watchPictures() {
  document.addEventListener(
    "error",
    (event) => {
      if (event.target instanceof HTMLImageElement && event.target.matches("img.plot")) mark(event.target);
    },
    true, // errors of pictures do not bubble
  );
  for (const image of document.querySelectorAll("img.plot")) {
    if (image.complete && image.naturalWidth === 0) mark(image);
  }
}
