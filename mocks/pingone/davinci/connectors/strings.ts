/** The String connector. Ping: /connectors/string_connector.html. */
import { randomInt } from "node:crypto";
import {
  type Call,
  type Capability,
  defineConnector,
  type Effect,
  type Known,
} from "../engine/capability.ts";
import { isRecord, textOf } from "../graph/values.ts";
import { joinTexts, numberOf, switchOf } from "./inputs.ts";

const MAX_GENERATED = 1000;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const originalValue: Known = { about: "The text.", sure: "documented" };
const shouldTrim: Known = { about: "Whether white space around it is removed.", sure: "documented" };
const method: Known = { about: "Base64 unless `url` or `base64url`.", sure: "unverified" };
const CHANGED = {
  originalValue: { about: "The text as it was.", sure: "documented" },
  newValue: { about: "The text as it is now.", sure: "documented" },
} as const satisfies Capability["outputs"];

function changed(
  about: string,
  change: (text: string, call: Call) => string,
  inputs: Capability["inputs"],
): Capability {
  return {
    about,
    inputs: { originalValue, ...inputs },
    outputs: CHANGED,
    errors: { invalidInput: { about: "The text cannot be read in this encoding.", sure: "unverified" } },
    run(call): Effect {
      const text = textOf(call.properties.originalValue);
      const given = switchOf(call.properties.shouldTrim) === true ? text.trim() : text;
      try {
        const newValue = joinTexts([change(joinTexts([given]), call)]);
        return { kind: "success", output: { originalValue: text, newValue } };
      } catch (error) {
        if (error instanceof URIError) return invalid("The text cannot be read in this encoding.");
        throw error;
      }
    },
  };
}

function invalid(message: string): Effect {
  return { kind: "failure", error: { code: "invalidInput", message } };
}

function toTitleCase(text: string): string {
  return text.toLowerCase().replace(/(^|\s)\S/gu, (start) => start.toUpperCase());
}

type Encoding = "base64" | "base64url" | "url";

function encodingOf({ properties }: Call): Encoding {
  const text = textOf(properties.method)
    .toLowerCase()
    .replace(/[\s_-]/g, "");
  return text === "url" || text === "base64url" ? text : "base64";
}

function concatenate(call: Call): Effect {
  const { concatenateInput, concatenateDelimiter, finalDelimiter, shouldTrim: trims } = call.properties;
  const parts = (Array.isArray(concatenateInput) ? concatenateInput : [concatenateInput]).map((part) => {
    const text = textOf(isRecord(part) ? part.value : part);
    return switchOf(trims) === true ? text.trim() : text;
  });
  const delimiter = textOf(concatenateDelimiter);
  const newValue = joinTexts(switchOf(finalDelimiter) === true ? [...parts, ""] : parts, delimiter);
  return { kind: "success", output: { originalValue: parts, newValue } };
}

function find({ properties }: Call): Effect {
  const [text, finder] = [textOf(properties.originalValue), textOf(properties.finder)];
  const index = finder === "" ? -1 : text.indexOf(finder);
  const found = index >= 0;
  return {
    kind: "success",
    output: { originalValue: text, match: found ? [finder] : [], index, found },
  };
}

function generate(call: Call): Effect {
  const length = numberOf(call.properties.length);
  if (length === undefined || !Number.isInteger(length) || length < 1 || length > MAX_GENERATED) {
    return invalid(`"length" is no whole number from 1 to ${MAX_GENERATED}.`);
  }
  const characters = switchOf(call.properties.isAlphaNumeric) === true ? `${LETTERS}0123456789` : LETTERS;
  const generatedString = Array.from({ length }, () => characters[randomInt(characters.length)]).join("");
  return { kind: "success", output: { generatedString } };
}

/** The name of the property that says the type is not documented. */
function changeDataType({ properties }: Call): Effect {
  const given = properties.inputValue ?? properties.originalValue;
  const text = switchOf(properties.shouldTrim) === true ? textOf(given).trim() : textOf(given);
  const { dataType, changeTo, newDataType, type } = properties;
  const wanted = textOf(dataType ?? changeTo ?? newDataType ?? type).toLowerCase();
  const newValue = /number|int/.test(wanted) ? numberOf(text) : /bool/.test(wanted) ? switchOf(text) : text;
  if (newValue === undefined) {
    return {
      kind: "failure",
      error: { code: "invalidInput", message: "Invalid input.", httpResponseCode: 400 },
    };
  }
  return { kind: "success", output: { originalValue: given, newValue } };
}

/** Every other switch of the node has a name of its own. */
async function replace(call: Call): Promise<Effect> {
  const { originalValue: original, oldToken, newToken, shouldTrim: trims, ...others } = call.properties;
  const text = joinTexts([switchOf(trims) === true ? textOf(original).trim() : textOf(original)]);
  const [search, by] = [textOf(oldToken), textOf(newToken)];
  const isRegex = Object.entries(others).some(
    ([name, value]) => /regex/i.test(name) && switchOf(value) === true,
  );
  const isAll = Object.entries(others).some(
    ([name, value]) => /mode/i.test(name) && /all/i.test(textOf(value)),
  );
  if (!isRegex) {
    const parts = search === "" ? [text] : text.split(search);
    const first = parts.length > 1 ? [`${parts[0]}${by}${parts.slice(1).join(search)}`] : parts;
    return {
      kind: "success",
      output: { originalValue: text, newValue: joinTexts(isAll ? parts : first, isAll ? by : "") },
    };
  }
  const [, pattern, flags] = /^\/(.*)\/([a-z]*)$/s.exec(search) ?? [];
  if (pattern === undefined) return invalid("The regular expression has to stand between slashes.");
  // A pattern of a stranger can take for ever.
  const code =
    "module.exports = ({ params }) => ({ value: params.text.replace(new RegExp(params.pattern, params.flags), params.by) });";
  const result = await call.services.sandbox.callFunction(
    code,
    { text, pattern, flags: flags ?? "", by },
    code,
  );
  if (result.kind === "failed") return invalid(`The regular expression cannot be used: ${result.message}`);
  return {
    kind: "success",
    output: { originalValue: text, newValue: (result.value as { value: string }).value },
  };
}

export const stringsConnector = defineConnector({
  id: "stringsConnector",
  name: "String",
  capabilities: {
    toLowerCase: changed("Makes a text lower-case.", (text) => text.toLowerCase(), { shouldTrim }),
    toUpperCase: changed("Makes a text upper-case.", (text) => text.toUpperCase(), { shouldTrim }),
    toTitleCase: changed("Begins each word with a capital.", toTitleCase, { shouldTrim }),
    trimWhiteSpace: changed("Removes white space around a text.", (text) => text.trim(), {}),
    encodeString: changed(
      "Encodes a text.",
      (text, call) => {
        const encoding = encodingOf(call);
        return encoding === "url" ? encodeURIComponent(text) : Buffer.from(text).toString(encoding);
      },
      { method },
    ),
    decodeString: changed(
      "Decodes a text.",
      (text, call) => {
        const encoding = encodingOf(call);
        return encoding === "url" ? decodeURIComponent(text) : Buffer.from(text, encoding).toString();
      },
      { method },
    ),
    concatenateStrings: {
      about: "Joins texts.",
      inputs: {
        concatenateInput: { about: "The texts.", sure: "documented" },
        concatenateDelimiter: { about: "What stands between them.", sure: "documented" },
        finalDelimiter: { about: "Whether it also stands at the end.", sure: "documented" },
        shouldTrim,
      },
      outputs: CHANGED,
      errors: {},
      run: concatenate,
    },
    findString: {
      about: "Looks for a text in another. True also when it is not found.",
      inputs: { originalValue, finder: { about: "What is looked for.", sure: "documented" } },
      outputs: {
        originalValue: CHANGED.originalValue,
        match: { about: "A list of what was found.", sure: "documented" },
        index: { about: "Where it begins; -1 when not found.", sure: "documented" },
        found: { about: "Whether it was found.", sure: "documented" },
      },
      errors: {},
      run: find,
    },
    generateRandomString: {
      about: "Makes a random text of letters.",
      inputs: {
        length: { about: `From 1 to ${MAX_GENERATED}.`, sure: "documented" },
        isAlphaNumeric: { about: "Whether it has digits too.", sure: "documented" },
      },
      outputs: { generatedString: { about: "The text.", sure: "documented" } },
      errors: { invalidInput: { about: "The length is out of range.", sure: "unverified" } },
      run: generate,
    },
    changeDataType: {
      about: "Makes a text, a number or a boolean of a value.",
      inputs: {
        inputValue: { about: "The value.", sure: "documented" },
        dataType: { about: "string (default), number or boolean.", sure: "unverified" },
        shouldTrim,
      },
      outputs: CHANGED,
      errors: { invalidInput: { about: "The value does not read as that type.", sure: "documented" } },
      run: changeDataType,
    },
    replace: {
      about: "Puts a text in the place of another.",
      limits: "A regular expression runs in the sandbox, for a limited time.",
      inputs: {
        originalValue,
        oldToken: { about: "What is looked for.", sure: "documented" },
        newToken: { about: "What takes its place.", sure: "documented" },
        useRegex: { about: "Whether it is a regular expression, as `/te[xs]t/g`.", sure: "unverified" },
        replaceMode: { about: "The first match (default), or all.", sure: "unverified" },
        shouldTrim,
      },
      outputs: CHANGED,
      errors: { invalidInput: { about: "The regular expression cannot be used.", sure: "unverified" } },
      run: replace,
    },
  },
});
