/** Why the centre refused what was asked of a hold, in our words where we have some. */

import { ApiError } from "../api/client";

/** Throws it on; `words` are by the API's codes. */
export const retold =
  (words: Readonly<Record<string, string>>) =>
  (failure: unknown): never => {
    const said = failure instanceof ApiError ? words[failure.code] : undefined;
    throw said === undefined ? failure : new ApiError("", said, 0);
  };
