// Pages of plots to label: fetched one ahead with their thumbnails, kept so that one can go back.
import { ask } from "./ask.js";

const SHORT = 20; // pages without a tile that are passed over at once

export class Pages {
  constructor(path, query) {
    this.path = path;
    this.query = query;
    this.restart();
  }

  restart() {
    this.seen = [];
    this.at = -1;
    this.cursor = null; // of the next page; undefined after the last
    this.coming = this.fetch(null);
    this.coming.catch(() => {}); // told when the page is wanted
  }

  async fetch(after) {
    let found = { tiles: [], next: after };
    for (let turn = 0; turn < SHORT; turn += 1) {
      const query = new URLSearchParams(this.query);
      if (found.next) query.set("after", found.next);
      found = await ask("GET", `${this.path}?${query}`);
      if (found.tiles.length || !found.next) break;
    }
    return { tiles: found.tiles.map((data) => ({ data, said: null, batch: null })), next: found.next };
  }

  /** Returns the next page's tiles, or null after the last. */
  async next() {
    if (this.at + 1 < this.seen.length) {
      this.at += 1;
      return this.seen[this.at].tiles;
    }
    if (this.cursor === undefined) return null;
    this.coming ??= this.fetch(this.cursor);
    let page;
    try {
      page = await this.coming;
    } catch (error) {
      this.coming = null;
      throw error;
    }
    this.cursor = page.next ?? undefined;
    this.coming = null;
    if (!page.tiles.length && this.seen.length) return null;
    this.seen.push(page);
    this.at += 1;
    return page.tiles;
  }

  /** Fetches the next page and its thumbnails; to be called once this page is on the screen. */
  async ahead() {
    if (this.cursor === undefined || this.coming !== null) return;
    this.coming = this.fetch(this.cursor);
    const page = await this.coming.catch(() => null); // told when the page is wanted
    for (const { data } of page?.tiles ?? []) new Image().src = data.thumbnail;
  }

  /** Returns the page before, as it was left; null on the first. */
  previous() {
    if (this.at <= 0) return null;
    this.at -= 1;
    return this.seen[this.at].tiles;
  }
}
