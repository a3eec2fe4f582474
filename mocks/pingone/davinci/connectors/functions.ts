/** The Functions connector: comparisons, custom code, hashes. Ping: /connectors/functions_connector.html. */
import { createHash, createHmac, randomBytes } from "node:crypto";
import {
  type Call,
  type Capability,
  type Connector,
  defineConnector,
  type Effect,
  type Known,
} from "../engine/capability.ts";
import { isRecord, textOf } from "../graph/values.ts";
import {
  type Comparison,
  comparisonOf,
  isEmpty,
  isSame,
  isSameText,
  listOf,
  orderOf,
} from "./comparisons.ts";
import { runCode } from "./custom-code.ts";
import { switchOf } from "./inputs.ts";

const leftValueA: Known = { about: "The value A.", sure: "export" };
const rightValueB: Known = { about: "The value B.", sure: "export" };
const type: Known = {
  about: "`number` and `boolean` compare as such; otherwise values are compared as text.",
  sure: "unverified",
};
const caseSensitive: Known = {
  about: "Whether upper and lower case differ. Not set: they do.",
  sure: "documented",
};

/** A capability that is true or false, without an error. */
function test(
  about: string,
  holds: (call: Call, a: unknown, b: unknown, comparison: Comparison) => boolean,
  inputs: Readonly<Record<string, Known>>,
): Capability {
  return {
    about,
    inputs: { leftValueA, ...inputs },
    outputs: {},
    errors: {},
    run(call) {
      const { leftValueA: a, rightValueB: b } = call.properties;
      return holds(call, a, b, comparisonOf(call)) ? { kind: "success" } : { kind: "false" };
    },
  };
}

function ordered(about: string, holds: (order: number) => boolean): Capability {
  return test(
    about,
    (call, a, b, comparison) => {
      const order = orderOf(a, b, comparison, call);
      return order !== undefined && holds(order);
    },
    { rightValueB, type },
  );
}

/** B and C are the limits. */
function between(about: string, holds: (fromB: number, toC: number) => boolean): Capability {
  return test(
    about,
    (call, a, b, comparison) => {
      const fromB = orderOf(a, b, comparison, call);
      const toC = orderOf(a, call.properties.rightValueC, comparison, call);
      return fromB !== undefined && toC !== undefined && holds(fromB, toC);
    },
    { rightValueB, rightValueC: { about: "The value C.", sure: "documented" }, type },
  );
}

function equalsOneOf(call: Call): Effect {
  const { leftValueA: a, rightValueMultiple } = call.properties;
  const entries = Array.isArray(rightValueMultiple) ? rightValueMultiple.filter(isRecord) : [];
  const comparison = comparisonOf(call);
  const match = entries.find(({ value }) => isSame(a, value, comparison, call));
  return { kind: "success", outcome: match === undefined ? "-1" : textOf(match.id) };
}

function emptiness(call: Call, a: unknown): boolean {
  if ((a === undefined || a === null) && switchOf(call.properties.checkNullORUndefined) !== true) {
    call.remark(
      `Tests a value that is not there, and its "Check undefined/null" is off. Here it counts as empty all the same (unverified).`,
    );
  }
  return isEmpty(a);
}

function contains(call: Call, a: unknown, b: unknown, comparison: Comparison): boolean {
  const [text, part] = [textOf(a), textOf(b)];
  if (part === "") {
    call.remark(`Looks for an empty text. Here nothing contains it (unverified).`);
    return false;
  }
  return isSameText(text, part, comparison, call, (one, other) => one.includes(other));
}

/** Each is compared with every entry of the list. */
const MAX_WANTED = 100;

function includes(call: Call, a: unknown, b: unknown, comparison: Comparison): boolean {
  const list = listOf(a);
  if (list === undefined) {
    call.remark(`Looks for a value in something that is no list, so it is not found.`);
    return false;
  }
  const wanted = listOf(b) ?? [b];
  if (wanted.length > MAX_WANTED) {
    call.remark(`Looks for more than ${MAX_WANTED} values, which is not done here.`);
    return false;
  }
  return (
    wanted.length > 0 && wanted.every((value) => list.some((item) => isSame(item, value, comparison, call)))
  );
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  sha1: "sha1",
  sha256: "sha256",
  sha384: "sha384",
  sha512: "sha512",
};
const ENCODINGS: Readonly<Record<string, "base64" | "binary">> = { base64: "base64", binary: "binary" };

/** A salt is the key of an HMAC: that gives the example of Ping's documentation. */
function digest({ properties }: Call): Effect {
  const name = textOf(properties.digestAlgorithm).toLowerCase().replace("-", "") || "sha256";
  const algorithm = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
  if (algorithm === undefined) {
    return {
      kind: "failure",
      error: {
        code: "invalidInput",
        message: "The hash algorithm is none of SHA-1, SHA-256, SHA-384, SHA-512.",
      },
    };
  }
  const mode = textOf(properties.saltMode).toLowerCase();
  const salt = mode.includes("custom")
    ? textOf(properties.customSaltValue)
    : mode.includes("generate")
      ? randomBytes(16).toString("hex")
      : "";
  const hash = salt === "" ? createHash(algorithm) : createHmac(algorithm, salt);
  const format = textOf(properties.outputEncodingFormat).toLowerCase();
  const encoding = Object.hasOwn(ENCODINGS, format) ? (ENCODINGS[format] ?? "hex") : "hex";
  const text = hash.update(textOf(properties.message)).digest(encoding);
  return { kind: "success", output: { hash: text, ...(salt !== "" && { salt }), length: text.length } };
}

/** Both of their outcomes are normal; for the checks too. */
export const COMPARISONS = {
  AEqualsB: test("True when A equals B.", (call, a, b, how) => isSame(a, b, how, call), {
    rightValueB,
    type,
    caseSensitive,
  }),
  ANotEqualsB: test("True when A does not equal B.", (call, a, b, how) => !isSame(a, b, how, call), {
    rightValueB,
    type,
    caseSensitive,
  }),
  AEqualsMultipleB: {
    about: "Leaves by the exit of the first value that equals A, else by the exit for no match.",
    inputs: {
      leftValueA,
      rightValueMultiple: {
        about: "The values, each with the id that the edges name as `multiValueSourceId`.",
        sure: "export",
      },
      type,
      caseSensitive,
    },
    outputs: {},
    errors: {},
    run: equalsOneOf,
  },
  AIsEmpty: test(
    "True when A is nothing, null, empty text, an empty list or an empty object.",
    (call, a) => emptiness(call, a),
    {
      checkNullORUndefined: {
        about: "Off, nothing and null count as empty all the same.",
        sure: "unverified",
      },
      type: { about: "Not used: emptiness is told by the value.", sure: "unverified" },
    },
  ),
  ALessThanB: ordered("True when A is less than B.", (order) => order < 0),
  ALessThanEqualToB: ordered("True when A is less than or equal to B.", (order) => order <= 0),
  AGreaterThanB: ordered("True when A is greater than B.", (order) => order > 0),
  AGreaterThanEqualToB: ordered("True when A is greater than or equal to B.", (order) => order >= 0),
  AGreaterThanBLessThanC: between("True when B < A < C.", (fromB, toC) => fromB > 0 && toC < 0),
  AGreaterThanBLessThanEqualC: between("True when B < A <= C.", (fromB, toC) => fromB > 0 && toC <= 0),
  AGreaterThanEqualBLessThanC: between("True when B <= A < C.", (fromB, toC) => fromB >= 0 && toC < 0),
  AGreaterThanEqualBLessThanEqualC: between("True when B <= A <= C.", (fromB, toC) => fromB >= 0 && toC <= 0),
  stringAContainsB: test("True when the text A contains the text B.", contains, {
    rightValueB,
    caseSensitive,
  }),
  arrayOfAIncludesB: {
    ...test("True when the list A, given as such or as JSON text, includes B.", includes, {
      rightValueB: { about: "The value B; of a list, all its values have to be in A.", sure: "unverified" },
      type,
      caseSensitive,
    }),
    limits: "`inputContains` is not read: what it does is not documented.",
  },
} satisfies Connector["capabilities"];

export const functionsConnector = defineConnector({
  id: "functionsConnector",
  name: "Functions",
  capabilities: {
    ...COMPARISONS,
    customFunction: {
      about: "Runs the node's JavaScript in the sandbox. False only when it returns `false` or throws.",
      limits: "No network, no modules, limited time and memory.",
      inputs: {
        code: { about: "The program: `module.exports = async ({ params }) => ...`.", sure: "export" },
        variableInputList: {
          about: "The `params`, by name. A text is given in its `preferredDataType` if it reads as that.",
          sure: "export",
        },
      },
      outputs: { "": { about: "What the function returns.", sure: "export" } },
      errors: {
        customFunctionCompile: { about: "The code is malformed.", sure: "unverified" },
        customFunctionThrew: { about: "The code threw an error.", sure: "unverified" },
        customFunctionLimit: { about: "The code took too much time or memory.", sure: "unverified" },
      },
      rawProperties: ["code"],
      run: (call) =>
        runCode(call, {
          code: call.properties.code,
          args: call.properties.variableInputList,
          name: "customFunction",
        }),
    },
    digestMessage: {
      about: "Hashes a text; a salt is the key of an HMAC.",
      inputs: {
        message: { about: "The text.", sure: "documented" },
        digestAlgorithm: { about: "SHA-1, SHA-256, SHA-384 or SHA-512.", sure: "documented" },
        saltMode: { about: "Off, a generated salt, or `useCustomSaltValue`.", sure: "documented" },
        customSaltValue: { about: "The salt.", sure: "documented" },
        outputEncodingFormat: { about: "Hexadecimal unless `base64` or `binary`.", sure: "documented" },
      },
      outputs: {
        hash: { about: "The hash.", sure: "documented" },
        salt: { about: "The salt, if there is one.", sure: "documented" },
        length: { about: "Of the hash, in characters.", sure: "documented" },
      },
      errors: { invalidInput: { about: "The algorithm is not known.", sure: "unverified" } },
      run: digest,
    },
  },
});
