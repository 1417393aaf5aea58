// Sign-ins of this browser: one token per learner, and which learner this tab belongs to. A tab keeps its learner
// when another tab signs somebody else in.

const TOKENS = "studyhall.tokens";
const NEWEST = "studyhall.newest";
const HERE = "studyhall.here";
const NOBODY = "";

/** The claims of a JWT, unverified: only the server can say whether it is genuine. Null when it is no JWT. */
export function claimsOf(token) {
  const part = String(token).trim().split(".")[1];
  if (!part) return null;
  try {
    const bytes = Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims?.sub === "string" ? claims : null;
  } catch {
    return null;
  }
}

/** The moment at which a token ends, in milliseconds since 1970, or null. */
export function expiresAt(token) {
  const claims = claimsOf(token);
  return typeof claims?.exp === "number" ? claims.exp * 1000 : null;
}

export class Tokens {
  constructor(shared = localStorage, own = sessionStorage) {
    this.shared = shared;
    this.own = own;
  }

  /** The sign-in of this tab: `{user_id, token}`, or null. */
  current() {
    const tokens = this.all();
    const user_id = this.own.getItem(HERE) ?? this.shared.getItem(NEWEST);
    if (!user_id || !tokens[user_id]) return null;
    this.own.setItem(HERE, user_id);
    return { user_id, token: tokens[user_id] };
  }

  /** Keeps a token and makes its learner this tab's. Returns the sign-in, or null when it is no token. */
  keep(text) {
    const token = String(text).trim();
    const claims = claimsOf(token);
    if (claims === null) return null;
    this.shared.setItem(TOKENS, JSON.stringify({ ...this.all(), [claims.sub]: token }));
    this.shared.setItem(NEWEST, claims.sub);
    this.own.setItem(HERE, claims.sub);
    return { user_id: claims.sub, token };
  }

  /** Signs a learner out, in all tabs; this one then belongs to nobody. */
  forget(user_id) {
    const tokens = this.all();
    delete tokens[user_id];
    this.shared.setItem(TOKENS, JSON.stringify(tokens));
    if (this.shared.getItem(NEWEST) === user_id) this.shared.removeItem(NEWEST);
    this.own.setItem(HERE, NOBODY);
  }

  /** The token of a learner as it is now (another tab may have renewed it), or null. */
  of(user_id) {
    return this.all()[user_id] ?? null;
  }

  all() {
    try {
      const kept = JSON.parse(this.shared.getItem(TOKENS) ?? "{}");
      return kept !== null && typeof kept === "object" ? kept : {};
    } catch {
      return {};
    }
  }
}
