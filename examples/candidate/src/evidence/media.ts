/** The types of files that the API takes (`media_type` of `startUpload`), and how their names end. */

const OFFICE = "application/vnd.openxmlformats-officedocument";
const TYPES: Record<string, string[]> = {
  "image/jpeg": ["jpg", "jpeg"],
  "image/png": ["png"],
  "image/heic": ["heic", "heif"],
  "image/webp": ["webp"],
  "application/pdf": ["pdf"],
  [`${OFFICE}.wordprocessingml.document`]: ["docx"],
  [`${OFFICE}.spreadsheetml.sheet`]: ["xlsx"],
  [`${OFFICE}.presentationml.presentation`]: ["pptx"],
  "application/vnd.oasis.opendocument.text": ["odt"],
  "audio/mp4": ["m4a"],
  "audio/mpeg": ["mp3"],
  "audio/wav": ["wav"],
  "video/mp4": ["mp4", "m4v"],
  "video/quicktime": ["mov"],
  "video/webm": ["webm"],
  "text/plain": ["txt"],
};

/** For `<input accept>`: types, and endings for systems that do not know all of them. */
export const ACCEPT = Object.entries(TYPES)
  .flatMap(([type, endings]) => [type, ...endings.map((ending) => `.${ending}`)])
  .join(",");

/** What a file is sent as: what the browser says, or what its name says where the browser is silent. */
export function mediaTypeOf({ name, type }: File): string {
  if (type) return type;
  const ending = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  return Object.keys(TYPES).find((each) => TYPES[each]?.includes(ending)) ?? "application/octet-stream";
}

/** As people say it: 640 kB, 2.4 MB. */
export function sizeInWords(bytes: number): string {
  const [unit, amount] = bytes < 1e6 ? ["kilobyte", bytes / 1e3] : ["megabyte", bytes / 1e6];
  const digits = amount < 10 ? 1 : 0;
  const format = { style: "unit", unit, maximumFractionDigits: digits } as const;
  return new Intl.NumberFormat(undefined, format).format(amount);
}
