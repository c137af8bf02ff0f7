// The package has no types; these are of what is used (https://swagger.io/docs/open-source-tools/swagger-ui/usage/configuration/).
declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  interface SwaggerUiOptions {
    readonly url: string;
    readonly domNode: HTMLElement;
    readonly validatorUrl: string | null;
    readonly docExpansion: 'list' | 'full' | 'none';
    readonly defaultModelsExpandDepth: number;
    readonly displayRequestDuration: boolean;
    readonly filter: boolean;
    readonly tryItOutEnabled: boolean;
  }
  const SwaggerUI: (options: SwaggerUiOptions) => unknown;
  export = SwaggerUI;
}
