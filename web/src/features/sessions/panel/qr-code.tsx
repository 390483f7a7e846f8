import { Button } from "@mantine/core";
import { Download } from "lucide-react";
import { QRCodeCanvas, QRCodeSVG } from "qrcode.react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import classes from "./panel.module.css";

// The margin is the quiet zone of ISO/IEC 18004. The image is large enough for print.
const OPTIONS = { level: "M", marginSize: 4, bgColor: "#ffffff", fgColor: "#000000" } as const;
const IMAGE_SIZE = 1024;

export default function QrCode({ link, fileName }: { link: string; fileName: string }) {
  const { t } = useTranslation("session");
  const canvas = useRef<HTMLCanvasElement>(null);
  return (
    <>
      <QRCodeSVG value={link} title={t("qrCode.label")} className={classes.qrCode} {...OPTIONS} />
      <QRCodeCanvas ref={canvas} value={link} size={IMAGE_SIZE} hidden {...OPTIONS} />
      <Button
        variant="default"
        leftSection={<Download size={16} aria-hidden />}
        onClick={() => canvas.current && download(canvas.current.toDataURL("image/png"), fileName)}
      >
        {t("qrCode.download")}
      </Button>
    </>
  );
}

function download(url: string, fileName: string) {
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = fileName;
  anchor.click();
}
