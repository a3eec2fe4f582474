/**
 * PingOne Protect, as far as a flow can see it: what a risk evaluation comes to is written down as rules, because nothing
 * of what Protect learns from is here. Rules stand in `risk.json` beside a flow, or are set at run time; the latter go
 * before the former. Evaluations are kept so that a flow can update them.
 */
import { BlockList, isIP } from "node:net";
import { z } from "zod";

const level = z.enum(["LOW", "MEDIUM", "HIGH"]);
export type RiskLevel = z.output<typeof level>;

const text = z.string().min(1);
const anyOf = z.union([text, z.array(text).min(1)]);
const address = text.refine((value) => addressRange(value) !== undefined, {
  error: "is no IP address and no range such as 203.0.113.0/24",
});

const predictor = z.union([
  level,
  z.strictObject({
    level: level.optional(),
    reason: text.optional(),
    status: text.optional(),
    type: text.optional(),
  }),
]);

const result = {
  level: level.optional().describe("`result.level`. Default: LOW; HIGH with `bot`."),
  score: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe("`result.score`. Default: 10, 50 or 80 by the level."),
  bot: z
    .boolean()
    .optional()
    .describe("True: `botDetection` is HIGH and the recommended action is BOT_MITIGATION."),
  recommendedAction: text.optional().describe("`result.recommendedAction`. Default: none, or by `bot`."),
  predictors: z
    .record(z.string().regex(/^[a-zA-Z]\w*$/, "is no name of a predictor"), predictor)
    .optional()
    .describe(
      "Parts of `details` by their names, such as newDevice or anonymousNetwork: a level or an object.",
    ),
};

const rule = z.strictObject({
  when: z
    .strictObject({
      user: anyOf.optional().describe("User names or ids."),
      ip: z
        .union([address, z.array(address).min(1)])
        .optional()
        .describe("Addresses, or ranges as a.b.c.d/n."),
      userAgent: anyOf.optional().describe("Texts that the user agent contains."),
      flowType: anyOf.optional().describe("AUTHENTICATION, REGISTRATION, TRANSACTION and so on."),
      application: anyOf.optional().describe("Ids or names of the target resource, else of the application."),
    })
    .default({})
    .describe("All that is named has to fit; of a list, one. Without it the rule fits always."),
  ...result,
});

export const riskSchema = z
  .strictObject({
    $schema: z.string().optional(),
    rules: z.array(rule).max(1000).describe("The first rule that fits decides; without one the risk is LOW."),
  })
  .describe("What PingOne Protect answers.");

export type RiskRules = z.output<typeof riskSchema>;
export type RiskRule = RiskRules["rules"][number];

/** What an evaluation is about. */
export interface RiskEvent {
  /** Id and name of the user. */
  readonly users: readonly string[];
  readonly ip: string;
  readonly userAgent: string;
  readonly flowType: string;
  readonly applications: readonly string[];
}

const evaluation = z.looseObject({ id: z.string() });
export type RiskEvaluation = z.output<typeof evaluation>;
const riskSnapshot = z.object({ rules: riskSchema.shape.rules, evaluations: z.array(evaluation) });

const KEPT_EVALUATIONS = 500;

export class RiskStore {
  #rules: readonly RiskRule[] = [];
  readonly #evaluations = new Map<string, RiskEvaluation>();
  readonly #changed: () => void;

  /** @param onChange Told after every change that a snapshot would show. */
  constructor(onChange: () => void = () => {}) {
    this.#changed = onChange;
  }

  /** In the place of those that were set before. */
  setRules({ rules }: RiskRules): void {
    this.#rules = rules;
    this.#changed();
  }

  /** The first rule that fits: of those that were set, then of those given. `place` says which one it is. */
  find(event: RiskEvent, beside: RiskRules | undefined): { rule: RiskRule; place: string } | undefined {
    const lists = [
      { name: "the rules that were set", rules: this.#rules },
      { name: "risk.json", rules: beside?.rules ?? [] },
    ];
    for (const { name, rules } of lists) {
      const index = rules.findIndex((candidate) => fits(candidate, event));
      const found = rules[index];
      if (found) return { rule: found, place: `rule ${index + 1} of ${name}` };
    }
    return undefined;
  }

  keep(kept: RiskEvaluation): void {
    this.#evaluations.set(kept.id, kept);
    const [oldest] = this.#evaluations.keys();
    if (this.#evaluations.size > KEPT_EVALUATIONS && oldest !== undefined) this.#evaluations.delete(oldest);
    this.#changed();
  }

  findEvaluation(id: string): RiskEvaluation | undefined {
    return this.#evaluations.get(id);
  }

  snapshot(): unknown {
    return structuredClone({ rules: this.#rules, evaluations: [...this.#evaluations.values()] });
  }

  /** @throws {Error} when `state` is not a snapshot of it. */
  restore(state: unknown): void {
    const restored = riskSnapshot.safeParse(state ?? { rules: [], evaluations: [] });
    if (!restored.success) throw new Error(`snapshot of risk: ${z.prettifyError(restored.error)}`);
    this.#rules = restored.data.rules;
    this.#evaluations.clear();
    for (const kept of restored.data.evaluations) this.#evaluations.set(kept.id, kept);
  }

  reset(): void {
    this.#rules = [];
    this.#evaluations.clear();
    this.#changed();
  }
}

function fits({ when }: RiskRule, event: RiskEvent): boolean {
  return (
    some(when.user, (user) => event.users.some((name) => isSame(name, user))) &&
    some(when.ip, (range) => isWithin(event.ip, range)) &&
    some(when.userAgent, (part) => event.userAgent.toLowerCase().includes(part.toLowerCase())) &&
    some(when.flowType, (type) => isSame(type, event.flowType)) &&
    some(when.application, (name) => event.applications.some((application) => isSame(application, name)))
  );
}

function some(wanted: string | readonly string[] | undefined, test: (one: string) => boolean): boolean {
  return wanted === undefined || [wanted].flat().some(test);
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function addressRange(value: string): BlockList | undefined {
  const [ip = "", bits, ...rest] = value.split("/");
  const version = isIP(ip);
  if (version === 0 || rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined;
  const length = bits === undefined ? (version === 4 ? 32 : 128) : Number(bits);
  if (length > (version === 4 ? 32 : 128)) return undefined;
  const list = new BlockList();
  list.addSubnet(ip, length, version === 4 ? "ipv4" : "ipv6");
  return list;
}

function isWithin(ip: string, range: string): boolean {
  const version = isIP(ip);
  return version !== 0 && addressRange(range)?.check(ip, version === 4 ? "ipv4" : "ipv6") === true;
}
