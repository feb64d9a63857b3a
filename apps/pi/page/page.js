// Asks for the newest answer a few times a second and shows it.
const pauseMs = 300;
const staleMs = 5000;
const one = (id) => document.getElementById(id);
let about = null;
let shown = -1;
let changed = Date.now();

const percent = (score) => `${(100 * score).toFixed(1)} %`;

function row(label, score) {
  const line = document.createElement("li");
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = score;
  line.append(`${label}  ${percent(score)}`, document.createElement("br"), bar);
  return line;
}

// More names than this would be no answer.
const named = 3;
function perhaps(live) {
  const labels = live.possible ?? [live.label];
  return labels.length === 0 || labels.length > named ? "" : ` (perhaps ${labels.join(" or ")})`;
}

function show(live) {
  shown = live.frame;
  changed = Date.now();
  const answer = one("answer");
  const words = { sure: live.label, "not-sure": `Not sure${perhaps(live)}`, refer: `Refer to an expert (possibly ${live.label})` };
  answer.textContent = words[live.say];
  answer.classList.toggle("unsure", live.say !== "sure");
  const order = live.scores.map((score, index) => [score, index]).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  one("best").replaceChildren(...order.slice(0, 3).map(([score, index]) => row(about.labels[index], score)));
  one("facts").textContent = `Below ${percent(about.not_sure_below)} it says "not sure". ${live.milliseconds.toFixed(1)} ms a picture.`;
  one("seen").src = `seen.png?${live.frame}`;
  one("seen").hidden = false;
}

async function read(path) {
  const answer = await fetch(path, { cache: "no-cache" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function turn() {
  try {
    if (!about) {
      about = await read("about.json");
      document.title = about.name;
      one("name").textContent = about.name;
      one("notice").textContent = about.notice;
    }
    const live = await read("live.json");
    if (live.scores && live.frame !== shown) show(live);
    else if (shown >= 0 && Date.now() - changed > staleMs) one("answer").textContent = "No new picture from the camera";
  } catch {
    one("answer").textContent = "The device does not answer";
  }
  setTimeout(turn, pauseMs);
}
turn();
