// Views: what somebody chose on the wall, under a name and a short link that others can open.
import { ask, toast } from "./ask.js";

const byId = (id) => document.getElementById(id);

export function startViews({ query }) {
  const menu = byId("view-menu");
  let loaded = false;
  const load = async () => {
    loaded = true;
    const { items } = await ask("GET", "/api/v1/views");
    byId("views").replaceChildren(...items.map(line));
  };
  const attempt = (work) => work().catch((error) => toast(error.message, { bad: true }));

  menu.addEventListener("toggle", () => {
    if (menu.open && !loaded && "person" in document.body.dataset) attempt(load);
  });
  byId("view-save")?.addEventListener("click", () =>
    attempt(async () => {
      const name = byId("view-name").value.trim();
      if (!name) return byId("view-name").focus();
      const { slug } = await ask("POST", "/api/v1/views", { name, settings: { query: query() } });
      byId("view-name").value = "";
      const link = `${location.origin}/v/${slug}`;
      toast(`Saved. ${link}`, { label: "Copy the link", act: () => navigator.clipboard.writeText(link) });
      await load();
    }),
  );
}

function line({ slug, name }) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = `/v/${slug}`;
  link.textContent = name;
  item.append(link);
  return item;
}
