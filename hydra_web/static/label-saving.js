// Saves labels at once, one request after the other, and takes them back; what was not saved is shown as not said.
import { ask, toast } from "./ask.js";

export function summary(labels) {
  return Object.entries(labels).map(([name, count]) => `${count} × ${name}`).join(", ");
}

/** The plots that a tile stands for. */
export const uids = ({ data }) => [data.uid, ...data.folded.map(({ uid }) => uid)];

export class Saving {
  /** `onTile` redraws a tile, `onChange` is called after every answer. */
  constructor(path, onTile, onChange) {
    this.path = path;
    this.onTile = onTile;
    this.onChange = onChange;
    this.mine = [];
    this.line = Promise.resolve();
    this.waiting = 0;
  }

  /** Runs jobs in the order they came; a refusal is told and does not stop those after it. */
  enqueue(job) {
    this.waiting += 1;
    this.line = this.line
      .then(job)
      .catch((error) => toast(error.message, { bad: true }))
      .finally(() => {
        this.waiting -= 1;
        this.onChange();
      });
    return this.line;
  }

  /** Says a class of tiles (pairs of tile and class) as one batch. */
  vote(pairs) {
    const votes = {};
    const changes = pairs.map(([tile, name]) => ({ tile, name, said: tile.said, batch: tile.batch }));
    for (const { tile, name } of changes) {
      for (const uid of uids(tile)) votes[uid] = name;
      this.show(tile, name, null);
    }
    return this.enqueue(async () => {
      try {
        this.saved(await ask("POST", `${this.path}/votes`, { votes }), changes);
      } catch (error) {
        for (const { tile, said, batch } of changes) this.show(tile, said, batch);
        throw error;
      }
    });
  }

  /** Says a class of everything that the filters let pass. */
  voteAll(query, name, expected) {
    return this.enqueue(async () => {
      this.saved(await ask("POST", `${this.path}/matching?${query}`, { class: name, expected }), []);
    });
  }

  saved(batch, changes) {
    for (const { tile } of changes) tile.batch = batch.id;
    this.mine.push({ id: batch.id, changes });
    toast(summary(batch.labels), { label: "Undo (u)", act: () => this.undo(batch.id) });
  }

  show(tile, said, batch) {
    Object.assign(tile, { said, batch, skipped: false });
    this.onTile(tile);
  }

  /** Takes a batch back, the last one when none is named. */
  undo(id = null) {
    return this.enqueue(async () => {
      const wanted = id ?? this.mine.at(-1)?.id ?? (await this.lastOnServer());
      if (wanted === undefined) {
        toast("There is nothing to undo.");
        return;
      }
      const batch = await ask("POST", `${this.path}/batches/${wanted}/undo`);
      const known = this.mine.find((one) => one.id === wanted);
      this.mine = this.mine.filter((one) => one !== known);
      for (const { tile, said, batch: old } of known?.changes ?? []) {
        if (tile.batch === wanted) this.show(tile, said, old);
      }
      const redo = { label: "Redo", act: () => this.redo(wanted, known?.changes ?? []) };
      toast(`Taken back: ${summary(batch.labels) || "a decision"}`, batch.source === "review" ? {} : redo);
    });
  }

  redo(id, changes = []) {
    return this.enqueue(async () => {
      const batch = await ask("POST", `${this.path}/batches/${id}/redo`);
      for (const { tile, name } of changes) this.show(tile, name, id);
      this.saved(batch, changes);
    });
  }

  async lastOnServer() {
    const { batches } = await ask("GET", `${this.path}/batches?limit=100`);
    return batches.find((one) => one.undone_at === null && one.source === "web")?.id;
  }
}
