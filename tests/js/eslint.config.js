// Types are TypeScript's business (tsconfig.json); this finds what compiles and is wrong all the same.
import js from "@eslint/js";

export default [
  { ignores: ["vendor/**"] },
  {
    rules: {
      ...js.configs.recommended.rules,
      "no-undef": "off", // tsc knows which names there are
      "no-console": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-var": "error",
      "prefer-const": "error",
      eqeqeq: "error",
      "no-implicit-coercion": ["error", { allow: ["!!"] }],
    },
  },
];
