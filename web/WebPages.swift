import Foundation

/// The folder of pages that the server sends: `index.html`, `css/` and `js/`.
public enum WebPages {
  /// The folder with the pages, beside the built program.
  public static var folder: URL { Bundle.module.resourceURL ?? Bundle.module.bundleURL }
}
