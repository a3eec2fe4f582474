/**
 * What PingOne has and the emulator has not. A request to it gets 501 and says so, never an answer that could be taken
 * for PingOne's. The documents list these endpoints beside those of `routes.ts`.
 */
import type { MiddlewareHandler } from "hono";
import { NotEmulated } from "./refusals.ts";

interface MissingEndpoint {
  readonly methods: readonly string[];
  /** As `ROUTES` has it; `*` stands for anything below. */
  readonly path: string;
  readonly about: string;
  /** What to do in its place. */
  readonly instead?: string;
}

const WEB_FLOW = "Use a response mode other than pi.flow, whose pages are plain forms.";
const CODE_FLOW = "Use the authorization code flow.";
const FIXTURES = "Change the fixtures, or use the control API under /__mocks.";

/** Below the environment's id, like the paths of `ROUTES`. */
export const NOT_EMULATED: readonly MissingEndpoint[] = [
  {
    methods: ["POST"],
    path: "/as/device_authorization",
    about: "the device authorization grant (RFC 8628)",
    instead: CODE_FLOW,
  },
  {
    methods: ["POST"],
    path: "/as/cibaAuthorization",
    about: "client-initiated backchannel authentication (CIBA)",
    instead: CODE_FLOW,
  },
  {
    methods: ["GET", "POST"],
    path: "/as/resume",
    about: "the resumption of an authorization request after its flow",
    instead: "Follow the forms that the authorization endpoint shows.",
  },
  {
    methods: ["GET"],
    path: "/as/signon",
    about: "the sign-on page of sign-on policies",
    instead: "Assign a DaVinci flow policy to the application.",
  },
  { methods: ["GET"], path: "/as/checksession", about: "the frame of OpenID Connect Session Management" },
  {
    methods: ["GET"],
    path: "/as/idpSignoff",
    about: "sign-off at the external identity provider",
    instead: "Use /as/signoff.",
  },
  {
    methods: ["GET", "POST"],
    path: "/flows/*",
    about: "the flows API of sign-on policies",
    instead: WEB_FLOW,
  },
  {
    methods: ["GET", "POST"],
    path: "/davinci/policy/*",
    about: "the start of a DaVinci flow by its widget",
    instead: WEB_FLOW,
  },
  {
    methods: ["GET", "POST"],
    path: "/davinci/connections/*",
    about: "the steps of a DaVinci flow in JSON",
    instead: WEB_FLOW,
  },
  { methods: ["GET"], path: "/davinci/flows/*", about: "the style sheet of a DaVinci flow" },
  {
    methods: ["GET", "POST"],
    path: "/rp/*",
    about: "sign-on with an external identity provider",
    instead: "Sign on as one of the test users.",
  },
  { methods: ["GET", "POST"], path: "/saml20/*", about: "SAML 2.0: single sign-on and single logout" },
];

/** On another host at PingOne, `api.pingone.<tld>`. */
export const MANAGEMENT_API: MissingEndpoint = {
  methods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
  path: "/v1/*",
  about: "the Management API",
  instead: FIXTURES,
};

/** Answers every method: which of them PingOne takes is not known well enough to refuse the others as it would. */
export function refuseAsMissing({ about, instead }: MissingEndpoint): MiddlewareHandler {
  return () => {
    throw new NotEmulated(about, instead);
  };
}
