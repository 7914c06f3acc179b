// The shift report: prints, and asks for the daily mail.
import "./page.js";
import { ask, toast } from "./ask.js";

const MAIL = "/api/v1/reports/shift/mail";
const stop = document.getElementById("stop-mail");

document.getElementById("print").addEventListener("click", () => window.print());

async function tell(work, words) {
  try {
    await work();
    toast(words);
  } catch (error) {
    toast(error.message, { bad: true });
  }
}

document.getElementById("mail")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const email = event.currentTarget.elements.email.value;
  tell(async () => {
    await ask("PUT", MAIL, { email });
    stop.hidden = false;
  }, `The report will be mailed to ${email} every day.`);
});

stop?.addEventListener("click", () =>
  tell(async () => {
    await ask("DELETE", MAIL);
    stop.hidden = true;
  }, "The report will no longer be mailed to you."),
);
