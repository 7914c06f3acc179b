// Remembers small choices of this browser; where storage is forbidden, for this page only.
const here = new Map();

export function recall(key) {
  try {
    return localStorage.getItem(`hydra.${key}`) ?? here.get(key) ?? null;
  } catch {
    return here.get(key) ?? null;
  }
}

export function remember(key, value) {
  here.set(key, value);
  try {
    localStorage.setItem(`hydra.${key}`, value);
  } catch {
    // kept in `here`
  }
}
