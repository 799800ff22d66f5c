// The plain form: sends what it holds to the address that the page itself has.
"use strict";

const field = (name) => document.getElementById(name);
if (!field("query").value) field("query").value = "{\n  __typename\n}";

async function run() {
  const variables = field("variables").value.trim();
  try {
    const answer = await fetch(window.location.pathname, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({
        query: field("query").value,
        variables: variables ? JSON.parse(variables) : null,
      }),
    });
    field("result").textContent = JSON.stringify(await answer.json(), null, 2);
  } catch (error) {
    field("result").textContent = String(error);
  }
}

field("run").addEventListener("click", run);
