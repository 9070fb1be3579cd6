/** The way from the carton to the first call. */
export const STEPS = ['Claim', 'This box', 'First phones', 'Test call', 'Done'];
