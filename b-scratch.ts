import fs from "node:fs";
import path from "node:path";
import { parse } from "node-html-parser";
import { readExport } from "./mocks/pingone/davinci/graph/read-export.ts";
import { prepareNode } from "./mocks/pingone/testing/connector-call.ts";
import { httpConnector } from "./mocks/pingone/davinci/connectors/http.ts";
import { createSandbox } from "./mocks/pingone/davinci/sandbox/create-sandbox.ts";
import { renderScreen } from "./mocks/pingone/davinci/screens/render-screen.ts";
import { readForms } from "./mocks/kit/html-form.ts";
const sandbox = createSandbox();
const dir = "/work/shared/data/davinci/exports";
let i = 0; const index: unknown[] = [];
for (const f of fs.readdirSync(dir)) {
  const r = readExport(fs.readFileSync(path.join(dir, f), "utf8"), f) as any;
  if (r.kind !== "flows") { console.log("refused", f, r.reason); continue; }
  for (const flow of r.flows) for (const node of flow.nodes.values()) {
    if (!/customHTMLTemplate|customHtmlMessage/.test(node.capabilityName) || node.connectorId !== "httpConnector") continue;
    const p = prepareNode(httpConnector as any, node.capabilityName, { properties: node.properties, node: { title: node.title, exits: node.exits, id: node.id }, services: { sandbox } as any, global: {parameters:{}, variables:{companyName:"Acme"}, company:{variables:{}}}, });
    const call = { ...p.call, flow };
    const t = performance.now();
    const effect: any = await p.capability.run(call as any);
    const t1 = performance.now();
    const fields = effect.screen.fields;
    const page = renderScreen({ screen: effect.screen, values: {}, messages: process.argv[2] === "err" ? { error: "TEST error message of the flow", fieldErrors: Object.fromEntries(fields.slice(0,1).map((x: any) => [x.name, "Field message."])) } : {} }, { formAction: "/x", step: 1, panel: [["Flow", flow.name]], quickUsers: [{ username: "alice", password: "x", about: "signs on" }] });
    const root = parse(page.html);
    const forms = readForms(root, "main");
    i += 1;
    const n = String(i).padStart(2, "0");
    fs.writeFileSync(`/tmp/b-pages/${n}.html`, page.html.replace("<head>", `<head><meta http-equiv="Content-Security-Policy" content="${page.contentSecurityPolicy}">`));
    console.log(n, f, "|", node.title, "|", Math.round(t1 - t), "+", Math.round(performance.now() - t1), "ms h1:", root.querySelectorAll("h1").length, root.querySelector("h1")?.text.trim());
    console.log("    fields:", fields.map((x: any) => x.name + (x.isSecret ? "*" : "") + (x.required !== undefined ? "!" : "") + (x.value ? "=" + x.value : "")).join(", "));
    for (const form of forms) { console.log("    inputs:", form.fields.map((x) => `${x.name}(${x.type})[${x.label}]`).join(" ")); console.log("    buttons:", form.buttons.map((b) => `${b.text}=${b.name}/${b.value}${b.isPrimary ? "P" : ""}${b.skipsValidation ? "~" : ""}`).join(" | ")); }
    console.log("    notes:", root.querySelectorAll("aside dd").slice(1).map((x) => x.text).join(" // "));
  }
}
await sandbox.close();
